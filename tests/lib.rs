//! What crosses services: the rules of direction, contracts, journeys, faults and benchmarks. See `it/`.
