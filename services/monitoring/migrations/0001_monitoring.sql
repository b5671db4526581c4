-- An uploaded file on its way to released numbers. `seq` orders arrivals: of two files with one vintage the later holds.
create table dataset (
    id             uuid primary key,
    seq            bigint generated always as identity unique,
    state          text not null check (state in ('received', 'running', 'completed', 'checked', 'released', 'failed')),
    dry_run        boolean not null,
    profile        text not null,
    file           uuid not null,
    file_sha256    text not null check (file_sha256 ~ '^[0-9a-f]{64}$'),
    file_name      text,
    file_size      bigint not null,
    received_at    timestamptz not null,
    received_by    text not null,
    attempts       integer not null default 0,
    progress       bigint not null default 0,
    -- What the file says about itself.
    table_code     text,
    title          text,
    stand          text,
    vintage        timestamptz,
    licence        text,
    attribution    text,
    footnotes      text,
    encoding       text,
    lost_characters bigint not null default 0,
    -- What became of it, in cells.
    read           bigint not null default 0,
    inserted       bigint not null default 0,
    revised        bigint not null default 0,
    unchanged      bigint not null default 0,
    quarantined    bigint not null default 0,
    completed_at   timestamptz,
    failure        text,
    failure_detail text,
    failure_line   bigint,
    failure_column bigint,
    checked_at     timestamptz,
    checked_by     text,
    released_at    timestamptz,
    released_by    text,
    constraint every_cell_has_one_fate check (state in ('received', 'running', 'failed') or read = inserted + revised + unchanged + quarantined),
    constraint a_failure_has_a_reason check ((state = 'failed') = (failure is not null)),
    constraint checked_by_somebody check (state not in ('checked', 'released') or checked_by is not null),
    constraint released_by_somebody check ((state = 'released') = (released_by is not null)),
    constraint four_eyes check (released_by is null or released_by <> checked_by),
    constraint a_rehearsal_is_never_released check (not (dry_run and state in ('checked', 'released')))
);
create index dataset_waiting on dataset (seq) where state in ('received', 'running');

-- What of a file could not be read; bounded, `dataset.quarantined` counts all.
create table quarantine (
    dataset bigint not null references dataset (seq) on delete cascade,
    no      integer not null,
    line    bigint not null,
    col     bigint not null,
    reason  text not null,
    detail  text not null,
    raw     text not null,
    primary key (dataset, no)
);

create table area (
    id    integer generated always as identity primary key,
    code  text not null unique,
    name  text not null,
    level text not null
);

create table period (
    id          integer generated always as identity primary key,
    label       text not null,
    kind        text not null,
    valid_first date not null,
    valid_last  date not null,
    unique (label, kind)
);

-- What an observation measures, apart from where and when. `key` is made of codes only: labels change.
create table series (
    id            integer generated always as identity primary key,
    key           text not null unique,
    table_code    text not null,
    statistic     text not null,
    measure       text not null,
    measure_label text not null,
    unit          text not null,
    dimensions    jsonb not null,
    labels        jsonb not null
);
create index series_of_table on series (table_code);
create index series_of_statistic on series (statistic);

-- Bitemporal: the valid period, and since which vintage it is said. A row is a change; nothing is ever overwritten.
-- No foreign keys: whole files are written at once, from identifiers taken in the same transaction.
create table observation (
    id      bigint generated always as identity primary key,
    series  integer not null,
    period  integer not null,
    area    integer not null,
    vintage timestamptz not null,
    dataset bigint not null,
    value   numeric,
    status  text not null,
    raw     text,
    quality text,
    line    bigint not null,
    col     integer not null,
    constraint a_sign_is_not_a_number check (status in ('value', 'limited') or value is null)
);
create unique index observation_key on observation (series, period, area, vintage, dataset);

-- A file that repeats a number nobody has released yet vouches for it as well as the file that brought it (`origin`).
create table confirmation (
    dataset bigint not null references dataset (seq),
    origin  bigint not null references dataset (seq),
    series  integer not null,
    period  integer not null,
    areas   integer[] not null,
    primary key (origin, series, period, dataset)
);
create index confirmation_of_dataset on confirmation (dataset);

-- Where a later file repeats what an earlier vintage said. Needed when a file of a vintage in between arrives late: what
-- it says must not reach past the file that said the old number again.
create table sighting (
    dataset bigint not null references dataset (seq),
    series  integer not null,
    period  integer not null,
    areas   integer[] not null,
    lines   bigint[] not null,
    cols    integer[] not null,
    primary key (series, period, dataset)
);

-- Values of indicators, computed from a data set's observations and released with it.
create table indicator_value (
    id          bigint generated always as identity primary key,
    indicator   text not null,
    area        integer not null references area (id),
    period      integer not null references period (id),
    dataset     bigint not null references dataset (seq),
    state       text not null check (state in ('draft', 'checked', 'released', 'superseded')),
    value       numeric,
    status      text not null check (status in ('value', 'limited', 'not_computable')),
    reason      text,
    numerator   bigint references observation (id),
    denominator bigint references observation (id),
    unique (indicator, area, period, dataset),
    constraint a_value_or_a_reason check ((status = 'not_computable') = (reason is not null) and (status = 'not_computable') = (value is null))
);
create unique index indicator_value_released on indicator_value (indicator, area, period) where state = 'released';
create index indicator_value_of_dataset on indicator_value (dataset);

-- Problem situations. Open at most once for each rule, area and period.
create table alert (
    id              uuid primary key,
    rule            text not null,
    indicator       text not null,
    area            integer not null references area (id),
    period          integer not null references period (id),
    reference_area  integer not null references area (id),
    state           text not null check (state in ('raised', 'cleared')),
    value           numeric not null,
    reference_value numeric not null,
    margin          numeric not null,
    unit            text not null,
    raised_at       timestamptz not null,
    cleared_at      timestamptz,
    cleared_reason  text,
    constraint cleared_with_reason check ((state = 'cleared') = (cleared_at is not null) and (state = 'cleared') = (cleared_reason is not null))
);
create unique index alert_once on alert (rule, area, period) where state = 'raised';
