//! Exact results of queueing theory, to hold the simulation against.
