//! Sample paths of two-station tandems, request by request, against a table made by an event
//! calendar (`scripts/reference/tandem.py`).

use sweep_engine::model::{Departure, FifoPool};

/// Agreement of every time, seconds.
const TOLERANCE_S: f64 = 1e-9;

/// One row of the table.
#[derive(Clone, Copy)]
struct Path {
    case: u32,
    servers: [u32; 2],
    arrival_s: f64,
    service_s: [f64; 2],
    start_s: [f64; 2],
    end_s: [f64; 2],
}

fn paths() -> Vec<Path> {
    let mut reader = csv::Reader::from_reader(include_str!("reference/tandem.csv").as_bytes());
    let rows = reader.records().map(|record| {
        let record = record.expect("the table is well formed");
        let whole = |i: usize| record[i].parse::<u32>().expect("a whole number");
        let number = |i: usize| record[i].parse::<f64>().expect("a number");
        Path {
            case: whole(0),
            servers: [whole(1), whole(2)],
            arrival_s: number(4),
            service_s: [number(5), number(6)],
            start_s: [number(7), number(9)],
            end_s: [number(8), number(10)],
        }
    });
    rows.collect()
}

fn assert_close(what: &str, request: usize, found_s: f64, expected_s: f64) {
    assert!(
        (found_s - expected_s).abs() <= TOLERANCE_S,
        "{what} of request {request} is {found_s}, expected {expected_s}"
    );
}

/// The second station, fed with departures of the first.
struct Second<'a> {
    pool: FifoPool<()>,
    joined: u64,
    paths: &'a [Path],
}

impl Second<'_> {
    fn serve(&mut self, departure: &Departure<usize>) {
        let request = departure.payload;
        let expected = &self.paths[request];
        assert_close("end at station 1", request, departure.end_s, expected.end_s[0]);
        let admission = self.pool.admit(self.joined, departure.end_s, expected.service_s[1], ());
        self.joined += 1;
        assert_close("start at station 2", request, admission.start_s, expected.start_s[1]);
        assert_close("end at station 2", request, admission.end_s, expected.end_s[1]);
    }
}

#[test]
fn tandem_sample_paths_equal_those_of_an_event_calendar() {
    let all = paths();
    let cases = all.chunk_by(|a, b| a.case == b.case);
    assert_eq!(cases.clone().count(), 5);
    for case in cases {
        let mut first = FifoPool::new(case[0].servers[0]);
        let mut second = Second { pool: FifoPool::new(case[0].servers[1]), joined: 0, paths: case };
        for (request, path) in case.iter().enumerate() {
            let position = request as u64;
            let admission = first.admit(position, path.arrival_s, path.service_s[0], request);
            assert_close("start at station 1", request, admission.start_s, path.start_s[0]);
            if let Some(departure) = admission.departure {
                second.serve(&departure);
            }
        }
        while let Some(departure) = first.next_departure() {
            second.serve(&departure);
        }
        assert_eq!(second.joined, case.len() as u64, "every request passes both stations");
    }
}
