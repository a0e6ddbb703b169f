"""Compute exact values of FIFO queues in multiple precision.

Writes `tests/engine/reference/queueing.csv`, which the tests compare with the closed forms in
`src/engine/theory` and which anyone can compare with a simulation.

Needs Python 3.9 or later and `mpmath==1.3.0`; takes under a minute. Wherever there is a choice,
the method here is not the one of the Rust code: sums instead of recursions, roots instead of
contours, quadrature and transform inversion instead of closed forms.

    python3 scripts/reference/queueing.py [OUTPUT.csv]
"""

import csv
import sys
from fractions import Fraction
from pathlib import Path

import mpmath as mp
from mpmath import mpf

mp.mp.dps = 50

DIGITS = 15
DEFAULT_OUTPUT = Path(__file__).resolve().parents[2] / "tests/engine/reference/queueing.csv"
COLUMNS = [
    "system", "arrival_rate", "servers", "service", "service_mean", "service_scv",
    "extra", "quantity", "value", "source",
]  # fmt: skip


def rate(text):
    """A decimal number, exactly as written."""
    return mpf(text)


def number(value):
    """15 significant digits, as short as they allow."""
    return mp.nstr(mpf(value), DIGITS)


class Table:
    """Rows of one system after another."""

    def __init__(self):
        self.rows = []

    def system(self, *columns):
        """Name the system of the rows to come; returns the function that adds one."""

        def add(quantity, value, source):
            text = value if isinstance(value, str) else number(value)
            self.rows.append([*columns, quantity, text, source])

        return add


def quantile(tail, level):
    """The time at which a continuous, decreasing tail probability is 1 - level."""
    target = 1 - mpf(level)
    if tail(mpf(0)) <= target:
        return mpf(0)
    low, high = mpf(0), mpf(1)
    while tail(high) > target:
        low, high = high, 2 * high
    for _ in range(70):
        middle = (low + high) / 2
        low, high = (middle, high) if tail(middle) > target else (low, middle)
    return (low + high) / 2


# --- M/M/c ---------------------------------------------------------------------------------


class Mmc:
    """M/M/c from the sums over its birth-death chain."""

    def __init__(self, lam, mu, servers):
        self.lam, self.mu, self.servers = lam, mu, servers
        offered = lam / mu
        self.rho = offered / servers
        weights = [offered**n / mp.factorial(n) for n in range(servers + 1)]
        total = mp.fsum(weights[:-1]) + weights[-1] / (1 - self.rho)
        self.states = [weight / total for weight in weights]
        self.waiting = self.states[-1] / (1 - self.rho)
        self.spare = servers * mu - lam

    def state(self, n):
        """P(N = n)."""
        if n <= self.servers:
            return self.states[n]
        return self.states[-1] * self.rho ** (n - self.servers)

    def wait_tail(self, t):
        """P(W > t): a wait, if there is one, is exponential."""
        return self.waiting * mp.exp(-self.spare * t)

    def sojourn_tail(self, t):
        """P(W + S > t)."""
        return hypoexponential_mixture(self.stages(), t)

    def stages(self):
        """Probabilities and rates of the stages of one sojourn."""
        return [(1 - self.waiting, [self.mu]), (self.waiting, [self.spare, self.mu])]


def hypoexponential_mixture(mixture, t):
    """Tail of a mixture of sums of exponentials with distinct rates, by partial fractions."""
    total = mpf(0)
    for probability, rates in mixture:
        for i, own in enumerate(rates):
            others = [r for j, r in enumerate(rates) if j != i]
            total += probability * mp.exp(-own * t) * mp.fprod(r / (r - own) for r in others)
    return total


def asymptotic_variance_of_number(queue):
    """Asymptotic variance of the time-average number in system of an M/M/1 queue.

    Solves Poisson's equation of the birth-death chain: twice the sum over states of
    (sum up to j of (i - mean) p_i)^2 / (birth rate * p_j).
    """
    mean = queue.rho / (1 - queue.rho)
    total, below, n = mpf(0), mpf(0), 0
    while True:
        p = queue.state(n)
        below += (n - mean) * p
        term = 2 * below**2 / (queue.lam * p)
        total += term
        if n > mean and term < total * mpf(10) ** -30:
            return total
        n += 1


def asymptotic_variance_of_wait(queue):
    """Asymptotic variance of the average wait in M/M/1, by the closed form of Daley."""
    rho = queue.rho
    return rho * (2 + 5 * rho - 4 * rho**2 + rho**3) / (queue.mu**2 * (1 - rho) ** 4)


def add_mmc(table, lam_text, servers):
    queue = Mmc(rate(lam_text), mpf(1), servers)
    add = table.system(f"M/M/{servers}", lam_text, servers, "exponential", "1", "1", "")
    mean_wait = queue.waiting / queue.spare
    second = mp.quad(lambda t: 2 * t * queue.wait_tail(t), [0, 10, 100, mp.inf])
    number_waiting = queue.states[-1] * queue.rho / (1 - queue.rho) ** 2
    add("P(wait>0)", queue.waiting, "sums over the birth-death chain")
    add("mean wait", mean_wait, "C/(c mu-lam)")
    add("second moment wait", second, "integral of 2 t P(wait>t)")
    add("variance wait", second - mean_wait**2, "from the moments")
    add("mean sojourn", mean_wait + 1, "mean wait + mean service")
    add("mean queue length", number_waiting, "sum over the birth-death chain")
    add("mean number in system", number_waiting + queue.lam, "sum over the birth-death chain")
    add("utilization", queue.rho, "lam/(c mu)")
    for level in ["0.5", "0.9", "0.95", "0.99", "0.999"]:
        add(f"wait quantile {level}", quantile(queue.wait_tail, level), "bisection of the tail")
    for level in ["0.5", "0.9", "0.95", "0.99", "0.999"]:
        value = quantile(queue.sojourn_tail, level)
        add(f"sojourn quantile {level}", value, "bisection of the hypoexponential mixture")
    add("P(wait>1)", queue.wait_tail(mpf(1)), "C exp(-(c mu-lam) t)")
    add("P(sojourn>2)", queue.sojourn_tail(mpf(2)), "hypoexponential mixture")
    for n in range(4):
        add(f"P(N={n})", queue.state(n), "birth-death chain")
    if servers == 1:
        variance = asymptotic_variance_of_wait(queue)
        add(
            "asymptotic variance of mean of waits (lim n Var(mean))", variance,
            "Daley 1968 / Whitt 1989: rho(2+5rho-4rho^2+rho^3)/(mu^2(1-rho)^4)",
        )  # fmt: skip
        add(
            "variance inflation of mean wait vs iid (n/n_eff)",
            variance / (second - mean_wait**2), "ratio of the above to Var(W)",
        )  # fmt: skip
        add(
            "asymptotic variance of time-average number in system (lim t Var)",
            asymptotic_variance_of_number(queue), "Poisson's equation of the birth-death chain",
        )  # fmt: skip


def add_mm1_transient(table, lam_text):
    """Mean wait of the n-th arrival at an empty M/M/1 queue, by Spitzer's identity.

    E[S_k^+], the overshoot of k services over k gaps, is the sum over the number of services
    completed before the k-th arrival of those left over.
    """
    lam, longest = rate(lam_text), 1000
    add = table.system("M/M/1", lam_text, 1, "exponential", "1", "1", "")
    arrival, service = lam / (lam + 1), 1 / (lam + 1)
    means = [mpf(0)]
    for k in range(1, longest):
        term, overshoot = arrival**k, mpf(0)
        for i in range(k):
            overshoot += term * (k - i)
            term *= service * (k + i) / (i + 1)
        means.append(means[-1] + overshoot / k)
    source = "Spitzer identity sum_{k<n} E[S_k^+]/k"
    for n in [2, 10, 100, 1000]:
        quantity = f"E[wait of customer n], n={n}, empty start (customer 1 waits 0)"
        add(quantity, means[n - 1], source)
    for n in [100, 1000]:
        quantity = f"E[average wait of first n customers], n={n}, empty start"
        add(quantity, mp.fsum(means[:n]) / n, source + ", averaged")


# --- M/D/c ---------------------------------------------------------------------------------


class Md1:
    """M/D/1 with service time 1, by the alternating sum of Erlang (1909)."""

    def __init__(self, lam):
        self.lam = lam

    def cdf(self, t):
        """P(W <= t)."""
        terms = []
        for k in range(int(mp.floor(t)) + 1):
            x = self.lam * (k - t)
            terms.append(x**k / mp.factorial(k) * mp.exp(-x))
        return (1 - self.lam) * mp.fsum(terms)

    def tail(self, t):
        """P(W > t)."""
        return 1 - self.cdf(t)


def pollaczek_khinchine(lam, first, second, third):
    """First two moments of the wait in M/G/1 from those of the service."""
    slack = 1 - lam * first
    mean = lam * second / (2 * slack)
    return mean, 2 * mean**2 + lam * third / (3 * slack)


def add_md1(table, lam_text):
    lam = rate(lam_text)
    queue = Md1(lam)
    add = table.system("M/D/1", lam_text, 1, "deterministic", "1", "0", "")
    mean, second = pollaczek_khinchine(lam, 1, 1, 1)
    add("P(wait>0)", lam, "PASTA")
    add("mean wait", mean, "Pollaczek-Khinchine")
    add("second moment wait", second, "Pollaczek-Khinchine 2nd moment")
    add("mean sojourn", mean + 1, "P-K + 1")
    for t in ["0.5", "1", "1.5", "2", "4"]:
        add(f"P(wait<={t})", queue.cdf(mpf(t)), "Erlang 1909 finite sum")
    for level in ["0.5", "0.9", "0.95", "0.99", "0.999"]:
        value = quantile(queue.tail, level)
        add(f"wait quantile {level}", value, "Erlang 1909 inverted by bisection")


class Mdc:
    """M/D/c with service time 1: the roots of Crommelin, then the formula of Franx."""

    def __init__(self, lam, servers):
        self.lam, self.servers = lam, servers
        self.states = self.embedded_chain(servers * 40)
        self.queue_cdf = [mp.fsum(self.states[: servers + 1])]
        for p in self.states[servers + 1 :]:
            self.queue_cdf.append(self.queue_cdf[-1] + p)

    def embedded_chain(self, length):
        """P(N = n), the coefficients of the generating function of Crommelin (1932).

        Its numerator has the roots of z^c = exp(-lam (1 - z)) in the unit disk; the coefficients
        of the quotient follow from a recursion that is unstable, which 150 digits outlast.
        """
        with mp.workdps(150):
            lam, c = self.lam, self.servers
            polynomial = [mpf(1)]
            for root_ in [*self.roots(), mpf(1)]:
                polynomial = [
                    (polynomial[i - 1] if i else 0)
                    - root_ * (polynomial[i] if i < len(polynomial) else 0)
                    for i in range(len(polynomial) + 1)
                ]
            # P(z) = K numerator(z) / (1 - z^c exp(lam (1 - z))), K from P(1) = 1.
            slope = mp.polyval([i * polynomial[i] for i in range(c, 0, -1)], 1)
            scale = (lam - c) / slope
            # exp(lam (1 - z)) z^c has the coefficients d_j.
            d = [mp.exp(lam) * (-lam) ** j / mp.factorial(j) for j in range(length)]
            states = []
            for n in range(length):
                value = scale * mp.re(polynomial[n]) if n <= c else mpf(0)
                value += mp.fsum(mp.re(states[n - c - j]) * d[j] for j in range(n - c + 1))
                states.append(value)
        return [mp.re(p) for p in states]

    def roots(self):
        """The c - 1 roots inside of the unit disk, by fixed-point iteration and Newton."""
        lam, c = self.lam, self.servers
        found = []
        for k in range(1, c):
            unit = mp.expjpi(mpf(2 * k) / c)
            z = mpf(0)
            for _ in range(100):
                z = unit * mp.exp(-lam * (1 - z) / c)
            for _ in range(8):
                image = unit * mp.exp(-lam * (1 - z) / c)
                z -= (z - image) / (1 - lam / c * image)
            found.append(z)
        return found

    def cdf(self, t):
        """P(W <= t)."""
        k = int(mp.floor(t)) + 1
        mean = self.lam * (k - t)
        last = k * self.servers - 1
        terms = [self.queue_cdf[last - j] * mean**j / mp.factorial(j) for j in range(last + 1)]
        return mp.exp(-mean) * mp.fsum(terms)

    def tail(self, t):
        """P(W > t)."""
        return 1 - self.cdf(t)

    def mean_queue_length(self):
        """Crommelin (1934): sum over k of E[(Poisson(k lam) - k c)^+] / k."""
        total, k = mpf(0), 1
        while True:
            mean, start = k * self.lam, k * self.servers
            n, term, excess = start, mp.exp(-mean) * mean**start / mp.factorial(start), mpf(0)
            while term > mpf(10) ** -45:
                excess += (n - start) * term
                n += 1
                term *= mean / n
            total += excess / k
            if excess < total * mpf(10) ** -25:
                return total
            k += 1


def add_md4(table, lam_text, servers):
    lam = rate(lam_text)
    queue = Mdc(lam, servers)
    add = table.system(f"M/D/{servers}", lam_text, servers, "deterministic", "1", "0", "")
    length = queue.mean_queue_length()
    from_states = mp.fsum(1 - p for p in queue.queue_cdf)
    assert abs(from_states - length) < mpf(10) ** -9, "the two methods disagree"
    waiting = 1 - mp.fsum(queue.states[:servers])
    add("P(wait>0)", waiting, "Crommelin 1932 (roots of z^c=e^{-a(1-z)})")
    add("mean wait", length / lam, "Crommelin 1934 series")
    add("mean queue length", length, "Crommelin 1934 series")
    for t in ["0.25", "0.5", "1", "1.5", "2"]:
        add(f"P(wait<={t})", queue.cdf(mpf(t)), "Franx 2001")
    for level in ["0.5", "0.9", "0.95", "0.99"]:
        value = quantile(queue.tail, level)
        add(f"wait quantile {level}", value, "Franx 2001 inverted by bisection")


# --- lognormal services --------------------------------------------------------------------


class Lognormal:
    """A lognormal time with mean 1 and squared coefficient of variation 1."""

    def __init__(self):
        self.sigma = mp.sqrt(mp.log(2))
        self.mu = -mp.log(2) / 2
        self.extra = f"mu_log={number(self.mu)} sigma_log={number(self.sigma)}"

    def cdf(self, t):
        return mp.ncdf((mp.log(t) - self.mu) / self.sigma) if t > 0 else mpf(0)

    def tail(self, t):
        return mp.ncdf((self.mu - mp.log(t)) / self.sigma) if t > 0 else mpf(1)

    def moment(self, k):
        return mp.exp(k * self.mu + mpf(k) ** 2 * self.sigma**2 / 2)

    def transform(self, s):
        """E[exp(-s X)] for Re s > 0.

        The trapezoidal rule over the normal variable, on a line shifted so that the argument of
        the exponential is real: without oscillation it converges beyond all orders.
        """
        shift = -1j * mp.arg(s) / self.sigma
        step, total = mpf("0.08"), mpf(0)
        for i in range(-170, 171):
            z = i * step + shift
            total += mp.exp(-s * mp.exp(self.mu + self.sigma * z) - z**2 / 2)
        return total * step / mp.sqrt(2 * mp.pi)


def euler_inversion(transform, t, terms):
    """Inverse Laplace transform by Euler summation (Abate and Whitt, INFORMS J. Computing 18)."""
    xi = [mpf("0.5"), *[mpf(1)] * terms, *[mpf(0)] * (terms - 1), mpf(2) ** -terms]
    for k in range(1, terms):
        xi[2 * terms - k] = xi[2 * terms - k + 1] + mp.binomial(terms, k) * mpf(2) ** -terms
    start = terms * mp.log(10) / 3
    values = [
        (-1) ** k * xi[k] * mp.re(transform((start + 1j * mp.pi * k) / t))
        for k in range(2 * terms + 1)
    ]
    return mpf(10) ** (mpf(terms) / 3) * mp.fsum(values) / t


def add_mln1(table, lam_text):
    lam, service = rate(lam_text), Lognormal()
    add = table.system("M/LN/1", lam_text, 1, "lognormal", "1", "1", service.extra)
    mean, second = pollaczek_khinchine(lam, *[service.moment(k) for k in (1, 2, 3)])

    def tail_transform(s):
        return (1 - (1 - lam) * s / (s - lam + lam * service.transform(s))) / s

    add("P(wait>0)", lam, "PASTA")
    add("mean wait", mean, "Pollaczek-Khinchine")
    add("second moment wait", second, "Pollaczek-Khinchine 2nd moment")
    add("mean sojourn", mean + 1, "P-K + 1")
    for t in ["0.5", "1", "2", "5", "10", "20"]:
        value = euler_inversion(tail_transform, mpf(t), 40)
        coarse = euler_inversion(tail_transform, mpf(t), 30)
        assert abs(value / coarse - 1) < mpf(10) ** -13, f"inversion at {t} has not converged"
        add(f"P(wait>{t})", value, "P-K transform, Euler inversion")


def add_infinite_server(table, lam_text):
    lam, service = rate(lam_text), Lognormal()
    add = table.system("M/LN/inf", lam_text, "inf", "lognormal", "1", "1", service.extra)
    add("mean number in system (stationary; N is Poisson)", lam, "insensitivity")

    def density(t):
        z = (mp.log(t) - service.mu) / service.sigma
        return mp.npdf(z) / (service.sigma * t) if t > 0 else mpf(0)

    for horizon in ["1.0", "5.0", "20.0"]:
        end = mpf(horizon)
        points = [0, *[p for p in (mpf("0.1"), mpf(1), mpf(3), mpf(10)) if p < end], end]
        present = lam * mp.quad(service.tail, points)
        completed = lam * mp.quad(service.cdf, points)
        served = lam * mp.quad(lambda t: (end - t) * t * density(t), points)
        busy = lam * mp.quad(lambda t: (end - t) * service.tail(t), points)
        add(f"E[number in system at T={horizon}], empty start", present, "lam*int_0^T(1-G)")
        add(f"E[number completed in [0,{horizon}]], empty start", completed, "lam*int_0^T G")
        add(
            f"ratio E[sum of sojourns of completed]/E[completed] by T={horizon}"
            " (censored mean; true mean 1)",
            served / completed, "int_0^T (T-u) u dG(u) / int_0^T G(u)du",
        )  # fmt: skip
        add(
            f"E[busy server-time in [0,{horizon}]] clipped at horizon, empty start",
            busy, "lam*int_0^T (T-u)(1-G(u))du",
        )  # fmt: skip
        add(
            "E[service time credited if full service counted at start, arrivals in "
            f"[0,{horizon}]]",
            lam * end, "lam*T*E[S] (the wrong, unclipped accounting)",
        )  # fmt: skip


# --- other systems -------------------------------------------------------------------------


def add_dm1(table, lam_text):
    lam = rate(lam_text)
    # s = exp(-(1 - s)/lam) in terms of the Lambert function.
    sigma = mp.re(-lam * mp.lambertw(-mp.exp(-1 / lam) / lam))
    extra = f"deterministic interarrivals 1/lambda; sigma={number(sigma)}"
    add = table.system("D/M/1", lam_text, 1, "exponential", "1", "1", extra)

    def tail(t):
        return sigma * mp.exp(-(1 - sigma) * t)

    add("sigma", sigma, "Lambert W root of s=exp(-mu(1-s)/lam)")
    add("P(wait>0)", sigma, "Takacs 1962")
    add("mean wait", mp.quad(tail, [0, 10, 100, mp.inf]), "integral of the tail")
    second = mp.quad(lambda t: 2 * t * tail(t), [0, 10, 100, mp.inf])
    add("second moment wait", second, "integral of 2 t times the tail")
    for level in ["0.5", "0.9", "0.95", "0.99"]:
        add(f"wait quantile {level}", quantile(tail, level), "bisection of the tail")


def add_markov_tandem(table, lam_text):
    lam = rate(lam_text)
    stations = [Mmc(lam, mpf(1), 2), Mmc(lam, mpf("0.7"), 3)]
    add = table.system("M/M/2->M/M/3", lam_text, "2+3", "exponential", "1/1+1/0.7", "1", "")
    waits = [station.waiting / station.spare for station in stations]
    for place, (station, wait) in enumerate(zip(stations, waits), 1):
        source = "Burke/Jackson: station is M/M/c"
        add(f"mean wait station {place}", wait, source)
        add(f"P(wait>0) station {place}", station.waiting, source)
    total = mp.fsum(wait + 1 / station.mu for wait, station in zip(waits, stations))
    add("mean total sojourn", total, "sum of stations")
    mixture = [
        (p * q, first + second)
        for p, first in stations[0].stages()
        for q, second in stations[1].stages()
    ]
    for level in ["0.5", "0.9", "0.95", "0.99"]:
        value = quantile(lambda t: hypoexponential_mixture(mixture, t), level)
        add(
            f"total sojourn quantile {level}", value,
            "independent sojourns (Burke 1968); hypoexponential mixture by partial fractions",
        )  # fmt: skip


def add_deterministic_tandem(table, lam_text):
    lam = rate(lam_text)
    long, short = mpf(1), mpf("0.6")
    total = pollaczek_khinchine(lam, long, long**2, long**3)[0]
    add = table.system("M/D/1->D/1", lam_text, "1+1", "deterministic", "1+0.6", "0", "")
    add("mean wait station 2 (D2<=D1)", mpf(0), "departures of station 1 are >= D1 apart")
    add("mean total wait", total, "Friedman 1965 reduction")
    add = table.system("M/D/1->D/1", lam_text, "1+1", "deterministic", "0.6+1", "0", "")
    first = pollaczek_khinchine(lam, short, short**2, short**3)[0]
    add("mean wait station 1", first, "P-K")
    source = "Friedman 1965 reduction: total wait = M/D/1 wait with D=max"
    add("mean total wait", total, source)
    value = quantile(Md1(lam).tail, "0.99")
    add("total wait quantile 0.99", value, "Friedman 1965 + Erlang")


def add_overload(table):
    """D/D/1 with two arrivals per service, followed request by request in exact fractions."""
    gap, service = Fraction(1, 2), Fraction(1)
    for horizon in [100, 1000]:
        extra = f"arrivals at 0,0.5,1,... < T={horizon}"
        add = table.system("D/D/1 overload", "2", 1, "deterministic", "1", "0", extra)
        free, arrival, waits, completed = Fraction(0), Fraction(0), [], []
        while arrival < horizon:
            start = max(arrival, free)
            free = start + service
            waits.append(start - arrival)
            if free <= horizon:
                completed.append(start - arrival)
            arrival += gap
        for text, sample in [
            (f"completed by T={horizon}", completed),
            (f"arrived before T={horizon} (followed to completion)", waits),
        ]:
            mean = sum(sample) / len(sample)
            add(f"mean wait over requests {text}", mpf(mean.numerator) / mean.denominator, "explicit")
        add(f"number in system at T={horizon}", mpf(len(waits) - len(completed)), "explicit")


def main():
    output = Path(sys.argv[1]) if len(sys.argv) > 1 else DEFAULT_OUTPUT
    table = Table()
    for lam, servers in [("0.5", 1), ("0.8", 1), ("1.6", 2), ("3.6", 4)]:
        add_mmc(table, lam, servers)
    add_mm1_transient(table, "0.8")
    add_md1(table, "0.5")
    add_md1(table, "0.8")
    add_md4(table, "3.6", 4)
    add_mln1(table, "0.7")
    add_dm1(table, "0.8")
    add_infinite_server(table, "5")
    add_markov_tandem(table, "1.6")
    add_deterministic_tandem(table, "0.8")
    add_overload(table)
    with output.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(table.rows)


if __name__ == "__main__":
    main()
