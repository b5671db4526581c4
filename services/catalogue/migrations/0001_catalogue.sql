-- Where offers come from.
create table source (
    id            text primary key constraint source_name check (id ~ '^[a-z0-9-]{1,64}$'),
    -- Who provides the offers of a file that does not say.
    provider_name text not null,
    created_at    timestamptz not null,
    created_by    text not null
);

-- Who provides offers.
create table provider (
    id       uuid primary key,
    name     text not null,
    -- The actor of the network, once its name is known there.
    actor_id uuid
);
create index provider_actor on provider (actor_id) where actor_id is not null;

-- Names by which a provider is recognised, normalised.
create table provider_name (
    name     text primary key,
    provider uuid not null references provider on delete cascade
);

-- The network's actors as far as their names go: a copy kept by its events.
create table actor (
    id       uuid primary key,
    name     text not null,
    -- Place of the newest event in the network's outbox: an older one changes nothing.
    sequence bigint not null
);
create table actor_name (
    name  text not null,
    actor uuid not null references actor on delete cascade,
    primary key (name, actor)
);

create table offer (
    id               uuid primary key,
    source           text not null references source,
    record_key       text not null,
    state            text not null check (state in ('draft', 'published', 'expired', 'withdrawn')),
    provider         uuid not null references provider,
    -- What the source says, in the catalogue's terms, and its digest.
    record           jsonb not null,
    content_hash     bytea not null,
    created_at       timestamptz not null,
    updated_at       timestamptz not null,
    withdrawn_reason text check ((withdrawn_reason is not null) = (state = 'withdrawn')),
    -- Its provider changed and other services have not been told yet.
    announce         boolean not null default false,
    -- The transaction that last changed it: search indexes follow this column.
    changed_xact     bigint not null default (pg_current_xact_id()::text::bigint),
    unique (source, record_key)
);
create index offer_changed on offer (changed_xact);
create index offer_provider on offer (provider);
create index offer_announce on offer (id) where announce;

-- A date of an offer. Its id stays when the source moves its end or the places.
create table instance (
    id       uuid primary key,
    offer    uuid not null references offer on delete cascade,
    start_at timestamptz not null,
    end_at   timestamptz not null,
    all_day  boolean not null,
    check (end_at >= start_at)
);
create index instance_offer on instance (offer, start_at);

create table import_run (
    id            uuid primary key,
    source        text not null references source,
    file          uuid not null,
    file_name     text not null,
    file_sha256   text not null,
    -- As asked for and as recognised.
    format        text not null,
    detected      text not null,
    mode          text not null check (mode in ('full', 'delta')),
    dry_run       boolean not null,
    provider_name text,
    state         text not null check (state in ('queued', 'running', 'completed', 'held', 'failed', 'undone')),
    phase         text not null check (phase in ('reading', 'applying', 'withdrawing', 'undoing')),
    reason        text,
    -- Records handled in this phase, and how many there are once that is known.
    done          bigint not null default 0,
    total         bigint,
    read          bigint not null default 0,
    created       bigint not null default 0,
    updated       bigint not null default 0,
    unchanged     bigint not null default 0,
    withdrawn     bigint not null default 0,
    rejected      bigint not null default 0,
    -- Who works on it until when; a lease that has run out belongs to a worker that is gone.
    worker        uuid,
    leased_until  timestamptz,
    -- Times it was taken up without getting on.
    attempts      integer not null default 0,
    created_at    timestamptz not null,
    created_by    text not null,
    finished_at   timestamptz
);
create index import_run_source on import_run (source, created_at desc);
create index import_run_open on import_run (created_at) where state in ('queued', 'running');

-- The records of a file, staged before anything is applied, and what became of each.
create table import_record (
    run          uuid not null references import_run on delete cascade,
    position     bigint not null,
    record_key   text,
    content_hash bytea,
    record       jsonb,
    outcome      text check (outcome in ('created', 'updated', 'unchanged', 'rejected')),
    offer        uuid,
    primary key (run, position)
);
create index import_record_key on import_record (run, record_key);

-- Offers as they were before a run changed or withdrew them, for taking it back.
create table import_before (
    run          uuid not null references import_run on delete cascade,
    offer        uuid not null references offer on delete cascade,
    state        text,
    provider     uuid,
    record       jsonb,
    content_hash bytea,
    primary key (run, offer)
);

-- What the owner of a file should know.
create table import_note (
    run      uuid not null references import_run on delete cascade,
    no       bigint not null,
    severity text not null check (severity in ('rejected', 'warning')),
    record   text not null,
    field    text not null,
    code     text not null,
    reason   text not null,
    primary key (run, no)
);
