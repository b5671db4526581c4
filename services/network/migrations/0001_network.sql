-- Actors are organisations, never persons.
create table actor (
    id            uuid primary key,
    key           text constraint actor_key_once unique,
    name          text not null check (name <> ''),
    short_name    text not null,
    other_names   text[] not null,
    kind          text not null check (kind in ('organisation', 'unit', 'office', 'initiative', 'sole_provider')),
    types         text[] not null,
    life_phases   text[] not null,
    themes        text[] not null,
    districts     text[] not null,
    languages     text[] not null,
    web           text not null,
    description   text not null,
    state         text not null check (state in ('draft', 'active', 'dormant', 'closed')),
    revision      bigint not null,
    registered_at timestamptz not null,
    changed_at    timestamptz not null,
    -- The record as last imported: the same record again must not undo what staff edited since.
    imported      jsonb
);
create index actor_by_name on actor (lower(name), id);
create index actor_by_types on actor using gin (types);
create index actor_by_life_phases on actor using gin (life_phases);

create table cooperation (
    id         uuid primary key,
    from_actor uuid not null references actor,
    to_actor   uuid not null references actor,
    kind       text not null check (kind in ('information', 'coordination', 'joint_offer', 'referral', 'shared_space',
                                             'qualification', 'joint_project', 'funding')),
    strength   smallint not null check (strength between 1 and 4),
    formality  text not null check (formality in ('informal', 'agreed', 'written', 'statutory')),
    state      text not null check (state in ('wished', 'planned', 'active', 'paused', 'ended')),
    since      date,
    until      date,
    note       text not null,
    end_reason text not null,
    revision   bigint not null,
    added_at   timestamptz not null,
    constraint cooperation_of_two check (from_actor <> to_actor),
    check ((state = 'ended') = (until is not null)),
    check (until >= since)
);
-- Whoever is named first: two actors have one live cooperation of a type.
create unique index cooperation_once
    on cooperation (least(from_actor, to_actor), greatest(from_actor, to_actor), kind) where state <> 'ended';
create index cooperation_by_from on cooperation (from_actor);
create index cooperation_by_to on cooperation (to_actor);

-- The network's copy of monitoring's problem situations. `sequence` orders the facts about one alert: an older one
-- that arrives late changes nothing. A clearance that comes before its alert waits here without figures.
create table alert (
    id                  uuid primary key,
    rule_id             text,
    indicator_id        text,
    area_code           text,
    area_name           text,
    period              text,
    value               text,
    unit                text,
    reference_area_code text,
    reference_area_name text,
    reference_value     text,
    margin              text,
    raised_at           timestamptz,
    raised_sequence     bigint,
    cleared_at          timestamptz,
    cleared_reason      text,
    cleared_sequence    bigint,
    check ((raised_sequence is null) = (raised_at is null)),
    check ((cleared_sequence is null) = (cleared_at is null))
);

create table measure (
    id           uuid primary key,
    alert_id     uuid constraint measure_once_per_alert unique references alert,
    indicator_id text,
    title        text not null check (title <> ''),
    reasoning    text not null,
    state        text not null check (state in ('idea', 'drafted', 'decided', 'running', 'paused', 'completed', 'evaluated',
                                                'rejected', 'cancelled')),
    goal         text not null,
    lead_actor   uuid references actor,
    target       text,
    due_on       date,
    reason       text not null,
    findings     text not null,
    proposed_at  timestamptz not null,
    decided_at   timestamptz,
    revision     bigint not null,
    check (state not in ('decided', 'running', 'paused', 'completed', 'evaluated') or (goal <> '' and lead_actor is not null)),
    check (state not in ('rejected', 'cancelled') or reason <> '')
);
create index measure_by_age on measure (proposed_at desc, id desc);

create table measure_candidate (
    measure_id uuid not null references measure,
    actor_id   uuid not null references actor,
    position   smallint not null,
    reasons    text[] not null,
    primary key (measure_id, actor_id)
);

create table measure_partner (
    measure_id uuid not null references measure,
    actor_id   uuid not null references actor,
    primary key (measure_id, actor_id)
);

create table measure_step (
    measure_id uuid not null references measure,
    number     integer not null,
    at         timestamptz not null,
    what       text not null,
    from_state text not null,
    to_state   text not null,
    by         text not null,
    note       text not null,
    primary key (measure_id, number)
);
