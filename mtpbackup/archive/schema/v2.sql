-- Version 2 of the catalog. Every statement here is final: a change is a new version with a migration.
--
-- Times are UTC in ISO 8601 with offset, except items.modified and failures.modified: the phone's local time
-- without zone. Names and paths of a phone are exact; unusual characters are written \uXXXX (archive/paths.py).

CREATE TABLE meta (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
);

CREATE TABLE phones (
    id            INTEGER PRIMARY KEY,
    serial        TEXT NOT NULL UNIQUE,
    manufacturer  TEXT NOT NULL,
    model         TEXT NOT NULL,
    name          TEXT NOT NULL,
    folder        TEXT NOT NULL UNIQUE,      -- its folder in the root of the backup
    first_seen_at TEXT NOT NULL,
    last_seen_at  TEXT NOT NULL
);

-- Folders of the backup that hold files; path below the root.
CREATE TABLE folders (
    id   INTEGER PRIMARY KEY,
    path TEXT NOT NULL UNIQUE
);

-- Folders of a phone; path '' is a storage's top level.
CREATE TABLE places (
    id      INTEGER PRIMARY KEY,
    phone   INTEGER NOT NULL REFERENCES phones,
    storage TEXT NOT NULL,
    path    TEXT NOT NULL,
    folder  INTEGER REFERENCES folders,      -- where the layout "as on the phone" puts its files
    UNIQUE (phone, storage, path)
);

-- Files of the backup. A row is written when the file is complete, flushed and under its name.
CREATE TABLE files (
    id           INTEGER PRIMARY KEY,
    phone        INTEGER NOT NULL REFERENCES phones,
    folder       INTEGER NOT NULL REFERENCES folders,
    name         TEXT NOT NULL,
    size         INTEGER NOT NULL,
    sha256       TEXT NOT NULL,              -- of the content, in hex
    taken        TEXT,                       -- with offset if known, else the phone's local time
    taken_source TEXT,
    saved_at     TEXT NOT NULL,
    verified_at  TEXT,                       -- last read back and found right
    state        TEXT NOT NULL DEFAULT 'ok'  -- ok, damaged, missing, replaced
);
-- A name may be used again once its file is known to be gone.
CREATE UNIQUE INDEX files_by_name ON files (folder, name) WHERE state IN ('ok', 'damaged');
CREATE INDEX files_by_phone ON files (phone);

-- What the phone listed and is in the backup. The names are the phone's own.
CREATE TABLE items (
    id         INTEGER PRIMARY KEY,
    place      INTEGER NOT NULL REFERENCES places,
    name       TEXT NOT NULL,
    size       INTEGER NOT NULL,
    modified   TEXT,
    file       INTEGER NOT NULL REFERENCES files,
    gone_since TEXT                          -- no longer on the phone; the file stays
);
CREATE INDEX items_by_name ON items (place, name);
CREATE INDEX items_by_file ON items (file);

-- Items that could not be saved yet; tried again in every run.
CREATE TABLE failures (
    id       INTEGER PRIMARY KEY,
    place    INTEGER NOT NULL REFERENCES places,
    name     TEXT NOT NULL,
    size     INTEGER NOT NULL,
    modified TEXT,
    kind     TEXT NOT NULL,
    detail   TEXT NOT NULL,
    tries    INTEGER NOT NULL,
    first_at TEXT NOT NULL,
    last_at  TEXT NOT NULL,
    UNIQUE (place, name, size)
);

CREATE TABLE runs (
    id          INTEGER PRIMARY KEY,
    phone       INTEGER NOT NULL REFERENCES phones,
    started_at  TEXT NOT NULL,
    ended_at    TEXT,                        -- NULL: killed
    outcome     TEXT NOT NULL DEFAULT '',
    listed      INTEGER NOT NULL DEFAULT 0,
    saved       INTEGER NOT NULL DEFAULT 0,
    safe        INTEGER NOT NULL DEFAULT 0,
    moved       INTEGER NOT NULL DEFAULT 0,
    skipped     INTEGER NOT NULL DEFAULT 0,
    failed      INTEGER NOT NULL DEFAULT 0,
    saved_bytes INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX runs_by_phone ON runs (phone);

-- What was put onto phones, this one or others: written before a file is sent, and again when it is proven to be
-- there. A row that stays in the state 'sending' tells that what has this name on the phone may be half a file.
CREATE TABLE sent (
    id        INTEGER PRIMARY KEY,
    serial    TEXT NOT NULL,                 -- of the phone that it was sent to; need not be in "phones"
    storage   TEXT NOT NULL,
    path      TEXT NOT NULL,                 -- of the folder
    name      TEXT NOT NULL,
    size      INTEGER NOT NULL,
    sha256    TEXT NOT NULL,                 -- of the content, in hex
    state     TEXT NOT NULL,                 -- sending, sent
    modified  TEXT,                          -- the date that the phone told afterwards
    began_at  TEXT NOT NULL,
    proven_at TEXT,
    UNIQUE (serial, storage, path, name)
);
