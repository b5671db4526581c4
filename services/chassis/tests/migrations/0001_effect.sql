create table effect (
    event     uuid not null,
    aggregate uuid not null
);
