-- Facts to be published, written in the transaction that made them true. Kept after publishing: Postgres is the
-- record from which a stream is rebuilt.
create table chassis.outbox (
    seq          bigint generated always as identity primary key,
    id           uuid not null unique,
    type         text not null,
    subject      uuid not null,
    time         timestamptz not null,
    data         jsonb not null,
    traceparent  text,
    published_at timestamptz
);
create index outbox_waiting on chassis.outbox (seq) where published_at is null;
create index outbox_published on chassis.outbox (published_at) where published_at is not null;

-- Facts whose effect is in this database.
create table chassis.inbox (
    event       uuid primary key,
    received_at timestamptz not null default now()
);
create index inbox_received on chassis.inbox (received_at);

-- Uploaded files as they came.
create table chassis.file (
    id         uuid primary key,
    sha256     bytea not null check (length(sha256) = 32),
    size       bigint not null check (size >= 0),
    created_at timestamptz not null
);
create table chassis.file_chunk (
    file uuid not null references chassis.file on delete cascade,
    no   integer not null,
    body bytea not null,
    primary key (file, no)
);
