-- The 5-minute records of p1reader; energy in Wh, power in W. The key is the moment in UTC: the hour that comes
-- twice in autumn is there twice. The history has more, and load-history.py loads it; this is for the records
-- of the interval files alone. It may be run again at any time, also on the table of an older version, in
-- which the records of then have no time_utc.
CREATE TABLE IF NOT EXISTS readings (
    time        timestamp without time zone NOT NULL,
    import      integer,
    import_min  integer,
    import_avg  integer,
    import_max  integer,
    export      integer,
    export_min  integer,
    export_avg  integer,
    export_max  integer
);
ALTER TABLE readings ADD COLUMN IF NOT EXISTS time_utc timestamp with time zone;
CREATE UNIQUE INDEX IF NOT EXISTS readings_time_utc ON readings (time_utc);
