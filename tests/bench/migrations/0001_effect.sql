create table effect (
    event     uuid not null,
    aggregate uuid primary key,
    at        timestamptz not null default clock_timestamp()
);
