-- The 5-minute records of p1reader, nine columns; energy in Wh, power in W.
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
