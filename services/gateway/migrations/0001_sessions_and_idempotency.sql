-- What the gateway remembers: who is signed in, who is about to be, and which POSTs were already answered.
-- Secrets are stored as hashes; what must be read again is sealed with a key that only the other side holds
-- (the cookie, the idempotency key), so that a dump gives away neither tokens nor answers.

create table session (
    secret_hash      bytea primary key check (octet_length(secret_hash) = 32),
    subject          text not null,
    sealed           bytea not null,
    began_at         timestamptz not null,
    used_at          timestamptz not null,
    ends_at          timestamptz not null,
    token_ends_at    timestamptz not null,
    -- One request refreshes the access token, the others go on with the old one.
    refreshing_until timestamptz
);
create index session_by_end on session (ends_at);

create table sign_in_attempt (
    state_hash   bytea primary key check (octet_length(state_hash) = 32),
    browser_hash bytea not null check (octet_length(browser_hash) = 32),
    sealed       bytea not null,
    ends_at      timestamptz not null
);
create index sign_in_attempt_by_end on sign_in_attempt (ends_at);

create table idempotency_key (
    scope         bytea primary key check (octet_length(scope) = 32),
    fingerprint   bytea not null check (octet_length(fingerprint) = 32),
    claimed_until timestamptz not null,
    sealed_answer bytea,
    ends_at       timestamptz not null
);
create index idempotency_key_by_end on idempotency_key (ends_at);
