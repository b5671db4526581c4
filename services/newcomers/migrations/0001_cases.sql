-- Everything that names a person is sealed (bytea); the keys that open the data keys are not in this database.
-- Row-level security is the second wall behind the commands: each transaction says on whose behalf it runs, and a query
-- that says nothing sees nothing. The role that migrates is bound by it, too (FORCE).

-- What other services stated ------------------------------------------------------------------------------------------
create table offer (
    id            uuid primary key,
    title         text not null default '',
    provider_name text not null default '',
    actor_id      uuid,
    withdrawn     boolean not null default false,
    sequence      bigint not null
);

create table actor (
    id       uuid primary key,
    name     text not null,
    sequence bigint not null
);

-- Who works here ------------------------------------------------------------------------------------------------------
create table staff (
    subject text primary key,
    role    text not null check (role in ('coordinator', 'deputy')),
    seen_on date not null
);

create table cover (
    owner_subject  text not null,
    deputy_subject text not null,
    until          timestamptz not null,
    primary key (owner_subject, deputy_subject),
    constraint cover_not_self check (owner_subject <> deputy_subject)
);

-- A published notice is never edited: a new text is a new version.
create table privacy_notice (
    version      text not null,
    language     text not null,
    title        text not null,
    body         text not null,
    published_at timestamptz not null,
    primary key (version, language)
);
revoke update, delete, truncate on privacy_notice from newcomers;

-- People and cases ----------------------------------------------------------------------------------------------------
create table data_key (
    owner   uuid primary key,
    kek_id  text not null,
    wrapped bytea not null
);

create table person (
    id         uuid primary key references data_key,
    name       bytea,
    name_index bytea check ((name is null) = (name_index is null))
);
create index person_name_index on person (name_index) where name_index is not null;

create table handover (
    id           uuid primary key references data_key,
    state        text not null check (state in ('prepared', 'proposed', 'accepted', 'rejected', 'withdrawn')),
    scope        text not null check (scope in ('all', 'some')),
    from_subject text not null,
    to_subject   text not null,
    note         bytea not null,
    proposed_at  timestamptz not null,
    decided_at   timestamptz,
    before       integer,
    after        integer,
    unowned      integer,
    constraint handover_to_self check (from_subject <> to_subject)
);
create unique index handover_whole_caseload on handover (from_subject) where state = 'proposed' and scope = 'all';
create index handover_to on handover (to_subject, state);

create table case_file (
    id              uuid primary key,
    case_ref        uuid not null unique,
    person_id       uuid not null unique references person,
    state           text not null check (state in ('enquiry', 'intake', 'assessment', 'planning', 'active', 'on_hold', 'closed', 'transferred_out', 'merged', 'erased')),
    ownership       text not null check (ownership in ('assigned', 'pool', 'handover_pending')),
    owner_subject   text,
    handover_id     uuid references handover,
    language        text not null,
    legal_basis     text not null,
    notice_version  text not null,
    notice_language text not null,
    opened_at       timestamptz not null,
    foreign key (notice_version, notice_language) references privacy_notice,
    -- Exactly one way of being owned, always.
    constraint case_has_an_owner check ((ownership = 'pool') = (owner_subject is null)),
    constraint case_pending_in_a_handover check ((ownership = 'handover_pending') = (handover_id is not null))
);
create index case_file_owner on case_file (owner_subject);
create index case_file_handover on case_file (handover_id) where handover_id is not null;

-- Who owned a case since when.
create table responsibility (
    no            bigint generated always as identity primary key,
    case_id       uuid not null references case_file,
    since         timestamptz not null,
    owner_subject text,
    handover_id   uuid references handover
);
create index responsibility_case on responsibility (case_id);
revoke update on responsibility from newcomers;

create table handover_item (
    handover_id uuid not null references handover,
    case_id     uuid not null references case_file,
    primary key (handover_id, case_id)
);
create index handover_item_case on handover_item (case_id);
revoke update on handover_item from newcomers;

create table consent (
    id                 uuid primary key,
    case_id            uuid not null references case_file,
    state              text not null check (state in ('requested', 'given', 'refused', 'withdrawn', 'expired', 'superseded', 'invalidated')),
    purpose            text not null,
    recipient_actor_id uuid not null,
    form               text not null,
    notice_version     text not null,
    notice_language    text not null,
    recorded_by        text not null,
    recorded_at        timestamptz not null,
    given_at           timestamptz,
    valid_until        timestamptz,
    ended_at           timestamptz,
    foreign key (notice_version, notice_language) references privacy_notice,
    constraint consent_given_has_a_term check (state in ('requested', 'refused') or (given_at is not null and valid_until is not null))
);
create unique index consent_one_given on consent (case_id, purpose, recipient_actor_id) where state = 'given';
create index consent_ending on consent (valid_until) where state = 'given';
-- What was consented to never changes; only what became of it does.
revoke update on consent from newcomers;
grant update (state, given_at, valid_until, ended_at) on consent to newcomers;

create table referral (
    id           uuid primary key,
    referral_ref uuid not null unique,
    case_id      uuid not null references case_file,
    person_id    uuid not null references person,
    offer_id     uuid not null,
    actor_id     uuid not null,
    consent_id   uuid not null references consent,
    state        text not null check (state in ('draft', 'sent', 'waitlisted', 'accepted', 'rejected', 'expired', 'completed', 'discontinued', 'revoked')),
    answer_hash  bytea not null unique check (length(answer_hash) = 32),
    sent_at      timestamptz not null,
    expires_at   timestamptz not null,
    answered_at  timestamptz,
    reason_code  text,
    reason       bytea
);
create index referral_case on referral (case_id);
create index referral_ending on referral (expires_at) where state in ('sent', 'waitlisted');
revoke update on referral from newcomers;
grant update (state, expires_at, answered_at, reason_code, reason) on referral to newcomers;

-- On whose behalf -----------------------------------------------------------------------------------------------------
create function context_subject() returns text language sql stable as
    $$ select nullif(current_setting('bildung.subject', true), '') $$;
create function context_has(wanted text) returns boolean language sql stable as
    $$ select wanted = any (string_to_array(coalesce(current_setting('bildung.roles', true), ''), ',')) $$;
create function context_works() returns boolean language sql stable as
    $$ select context_subject() is not null and (context_has('coordinator') or context_has('deputy')) $$;
create function context_now() returns timestamptz language sql stable as
    $$ select nullif(current_setting('bildung.now', true), '')::timestamptz $$;
create function context_answer() returns bytea language sql stable as
    $$ select decode(nullif(current_setting('bildung.answer', true), ''), 'hex') $$;

-- Whether the one who asks may work on what `owner` (nobody: the vacant post) owns.
create function works_for(owner text) returns boolean language sql stable as
    $$ select context_works() and (
           owner is null or owner = context_subject()
           or (context_has('deputy') and exists (select from cover where owner_subject = owner and deputy_subject = context_subject() and until > context_now()))) $$;

alter table person enable row level security;
alter table person force row level security;
alter table data_key enable row level security;
alter table data_key force row level security;
alter table case_file enable row level security;
alter table case_file force row level security;
alter table responsibility enable row level security;
alter table responsibility force row level security;
alter table consent enable row level security;
alter table consent force row level security;
alter table referral enable row level security;
alter table referral force row level security;
alter table handover enable row level security;
alter table handover force row level security;
alter table handover_item enable row level security;
alter table handover_item force row level security;

create policy seen on handover for select using (context_works() and context_subject() in (from_subject, to_subject));
create policy proposed on handover for insert with check (context_works() and from_subject = context_subject());
create policy decided on handover for update using (context_works() and context_subject() in (from_subject, to_subject));

create policy seen on handover_item for select using (exists (select from handover where handover.id = handover_id));
create policy added on handover_item for insert with check (exists (select from handover where handover.id = handover_id));

-- The recipient of a proposed handover sees its cases as rows; the person behind each only once it is theirs.
create function offered(wanted uuid) returns boolean language sql stable as
    $$ select exists (select from handover_item join handover on handover.id = handover_item.handover_id
                      where handover_item.case_id = wanted and handover.state = 'proposed' and handover.to_subject = context_subject()) $$;
create policy seen on case_file for select using (works_for(owner_subject) or context_has('supervisor') or offered(id));
create policy opened on case_file for insert with check (context_works() and owner_subject = context_subject());
-- The recipient may take a case, or give it back to its owner by rejecting.
create policy changed on case_file for update using (works_for(owner_subject) or offered(id));

create policy seen on person for select using (exists (select from case_file where person_id = person.id and works_for(owner_subject)));
create policy entered on person for insert with check (context_works());

create policy seen on responsibility for select using (exists (select from case_file where case_file.id = case_id));
create policy noted on responsibility for insert with check (exists (select from case_file where case_file.id = case_id and works_for(case_file.owner_subject)));

create policy seen on consent for select using (exists (select from case_file where case_file.id = case_id) or context_has('system'));
create policy recorded on consent for insert with check (exists (select from case_file where case_file.id = case_id and works_for(owner_subject)));
create policy decided on consent for update using (exists (select from case_file where case_file.id = case_id and works_for(owner_subject)) or context_has('system'));

create policy seen on referral for select using (
    exists (select from case_file where case_file.id = case_id) or answer_hash = context_answer() or context_has('system'));
create policy sent on referral for insert with check (exists (select from case_file where case_file.id = case_id and works_for(owner_subject)));
create policy changed on referral for update using (
    exists (select from case_file where case_file.id = case_id and works_for(owner_subject)) or answer_hash = context_answer() or context_has('system'));

create policy seen on data_key for select using (
    exists (select from person where person.id = owner) or exists (select from handover where handover.id = owner)
    or exists (select from referral where referral.person_id = owner and answer_hash = context_answer()));
create policy made on data_key for insert with check (context_works());

-- The audit trail: written in the transaction it tells of, never changed. Each entry's hash covers the one before.
create table audit_entry (
    sequence bigint primary key check (sequence > 0),
    at       timestamptz not null,
    actor    text not null,
    roles    text[] not null,
    action   text not null,
    outcome  text not null check (outcome in ('done', 'refused')),
    code     text,
    subjects uuid[] not null,
    prev     bytea not null check (length(prev) = 32),
    hash     bytea not null check (length(hash) = 32)
);
create index audit_entry_subjects on audit_entry using gin (subjects);
revoke update, delete, truncate on audit_entry from newcomers;
