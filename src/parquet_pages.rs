//! What a Parquet file says of its pages, held against its number of rows before anything is decoded.
//!
//! The decoder makes room for as many values as a page says that it has, and where there is no room the process ends.
//! One altered bit is enough for that.

use std::io::Cursor;

use polars::prelude::PolarsError;
use polars_parquet::parquet::metadata::{ColumnChunkMetadata, RowGroupMetadata};
use polars_parquet::parquet::page::CompressedPage;
use polars_parquet::parquet::read::{get_page_iterator, read_metadata};

/// Checks that a flat table has no more values of a column than rows, of all columns or of those that will be decoded,
/// and as many rows as it says.
///
/// # Errors
/// It has others, or is unreadable. May panic where bytes were altered.
pub(crate) fn check_pages(file: Vec<u8>, columns: Option<&[&str]>) -> Result<(), PolarsError> {
    let metadata = read_metadata(&mut Cursor::new(&file))?;
    let groups = &metadata.row_groups;
    let rows = groups.iter().map(RowGroupMetadata::num_rows).fold(0, usize::saturating_add);
    if rows != metadata.num_rows {
        return Err(implausible("rows"));
    }
    let mut bytes = Cursor::new(file.into());
    for group in groups {
        let is_wanted = |column: &&ColumnChunkMetadata| {
            let name = column.descriptor().path_in_schema[0].as_str();
            columns.is_none_or(|wanted| wanted.contains(&name))
        };
        for column in group.parquet_columns().iter().filter(is_wanted) {
            let mut pages = get_page_iterator(column, bytes, Vec::new(), usize::MAX)?;
            let mut left = group.num_rows();
            for page in &mut pages {
                if let CompressedPage::Data(page) = page? {
                    left =
                        left.checked_sub(page.num_values()).ok_or_else(|| implausible("values"))?;
                }
            }
            bytes = pages.into_inner().0;
        }
    }
    Ok(())
}

fn implausible(what: &str) -> PolarsError {
    PolarsError::ComputeError(format!("it cannot have as many {what} as it says").into())
}

#[cfg(test)]
mod tests {
    use polars::prelude::{
        DataFrame, NamedFrom, ParquetCompression, ParquetReader, ParquetWriter, SerReader, Series,
    };

    use super::*;
    use crate::decoding::unpanicked;

    const ROWS: usize = 40;

    fn file() -> Vec<u8> {
        let numbers =
            (0_u8..).take(ROWS).map(|row| (row % 3 > 0).then_some(1.0 / (1.0 + f64::from(row))));
        let flags = (0..ROWS).map(|row| (row % 5 > 0).then_some(row % 2 == 0));
        let words = (0..ROWS).map(|row| format!("run {row}"));
        let columns = [
            Series::new("number".into(), numbers.collect::<Vec<_>>()),
            Series::new("flag".into(), flags.collect::<Vec<_>>()),
            Series::new("word".into(), words.collect::<Vec<_>>()),
            Series::new("nothing".into(), vec![None::<f64>; ROWS]),
        ];
        let mut table = DataFrame::new(ROWS, columns.map(Into::into).to_vec()).unwrap();
        let mut file = Vec::new();
        let writer = ParquetWriter::new(&mut file).with_compression(ParquetCompression::Lz4Raw);
        writer.finish(&mut table).unwrap();
        file
    }

    /// Counts of values are signed: one altered bit makes a page of 40 one of -40, which is 2^64 - 40 for the decoder.
    #[test]
    fn whatever_byte_is_altered_the_decoder_does_not_end_the_process() {
        let good = file();
        check_pages(good.clone(), None).unwrap();
        let (mut refused, mut read) = (0, 0);
        for place in 0..good.len() {
            for flip in [0x01, 0x80, 0xff] {
                let mut file = good.clone();
                file[place] ^= flip;
                let is_refused =
                    !matches!(unpanicked(|| check_pages(file.clone(), None)), Some(Ok(())));
                refused += usize::from(is_refused);
                if !is_refused {
                    // Without the check it aborts here.
                    let table = unpanicked(|| ParquetReader::new(Cursor::new(&file)).finish());
                    read += usize::from(matches!(table, Some(Ok(_))));
                }
            }
        }
        assert!(refused > 0 && read > 0, "{refused} are refused, {read} are read");
    }
}
