# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_p1report_global_optspecs
    string join \n config-file= log= debug check-config from= to= year= compare= month-starts= year-starts= by= tariffs all kwh= kw= efficiency= production= alert= json csv decimal-comma oneline html= width= ascii language= dir= meter= h/help V/version
end

function __fish_p1report_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_p1report_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_p1report_using_subcommand
    set -l cmd (__fish_p1report_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c p1report -n "__fish_p1report_needs_command" -l config-file -d 'Read the configuration from FILE [default: /etc/p1-multicast/p1reader.yml]' -r -F
complete -c p1report -n "__fish_p1report_needs_command" -l log -d 'Log messages of this level and above' -r -f -a "debug\t'Everything, for finding a fault'
info\t'Changes of state'
warning\t'What the user should look at'
error\t'What does not work'
critical\t'The same as error'"
complete -c p1report -n "__fish_p1report_needs_command" -l from -d 'Report from DATE on: 2026-11-25, 2026-11, 2026-W48, 2026, today or yesterday' -r
complete -c p1report -n "__fish_p1report_needs_command" -l to -d 'Report to DATE, which is included' -r
complete -c p1report -n "__fish_p1report_needs_command" -l year -d 'Report this year; the same as --from YYYY --to YYYY' -r
complete -c p1report -n "__fish_p1report_needs_command" -l compare -d 'Compare each period with another one, up to the same time in both' -r -f -a "last-year\t'The same period a year before'
before\t'The period before'"
complete -c p1report -n "__fish_p1report_needs_command" -l month-starts -d 'Begin months on day D, 1 to 28' -r
complete -c p1report -n "__fish_p1report_needs_command" -l year-starts -d 'Begin years on this day' -r
complete -c p1report -n "__fish_p1report_needs_command" -l by -d 'Sort top by this, and draw bars of it' -r -f -a "import\t'Energy from the grid'
export\t'Energy to the grid'
net\t'Import less export'
gas\t'Gas'
water\t'Water'
peak\t'The highest quarter-hour'"
complete -c p1report -n "__fish_p1report_needs_command" -l kwh -d 'The capacities of batteries, kWh, comma-separated' -r
complete -c p1report -n "__fish_p1report_needs_command" -l kw -d 'The power of each battery, kW; the last one counts for those that follow' -r
complete -c p1report -n "__fish_p1report_needs_command" -l efficiency -d 'How much of what goes in comes out of a battery, per cent' -r
complete -c p1report -n "__fish_p1report_needs_command" -l production -d 'Show how much of the solar production was used at home: a CSV with the columns time and kWh, or `register_kWh`' -r -F
complete -c p1report -n "__fish_p1report_needs_command" -l alert -d 'Exit with status 1 when a condition holds for the last period: \'import_kwh > 20\'' -r
complete -c p1report -n "__fish_p1report_needs_command" -l html -d 'Write a page with pictures to FILE, by rename, and print nothing' -r -F
complete -c p1report -n "__fish_p1report_needs_command" -l width -d 'Print for lines of N characters, 40 to 500 [default: the width of the terminal, else 80]' -r
complete -c p1report -n "__fish_p1report_needs_command" -l language -d 'Language of the report [default: that of the locale]' -r -f -a "nl\t''
en\t''"
complete -c p1report -n "__fish_p1report_needs_command" -l dir -d 'Read the history in this folder instead of the configured one' -r -F
complete -c p1report -n "__fish_p1report_needs_command" -l meter -d 'Report the meter with this equipment identifier only' -r
complete -c p1report -n "__fish_p1report_needs_command" -l debug -d 'Log everything; the same as --log debug'
complete -c p1report -n "__fish_p1report_needs_command" -l check-config -d 'Check the configuration and exit'
complete -c p1report -n "__fish_p1report_needs_command" -l tariffs -d 'Show import and export of each tariff'
complete -c p1report -n "__fish_p1report_needs_command" -l all -d 'Show every register'
complete -c p1report -n "__fish_p1report_needs_command" -l json -d 'Print JSON'
complete -c p1report -n "__fish_p1report_needs_command" -l csv -d 'Print CSV'
complete -c p1report -n "__fish_p1report_needs_command" -l decimal-comma -d 'Print CSV as Dutch and German spreadsheets read it: 12,5 and semicolons'
complete -c p1report -n "__fish_p1report_needs_command" -l oneline -d 'Print one line with today, this month and this year'
complete -c p1report -n "__fish_p1report_needs_command" -l ascii -d 'Use ASCII characters only'
complete -c p1report -n "__fish_p1report_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c p1report -n "__fish_p1report_needs_command" -s V -l version -d 'Print version'
complete -c p1report -n "__fish_p1report_needs_command" -a "import" -d 'Import years from other programs, or from older files of p1reader'
complete -c p1report -n "__fish_p1report_needs_command" -a "export" -d 'Print the history for spreadsheets, Home Assistant or databases'
complete -c p1report -n "__fish_p1report_using_subcommand import" -l config-file -d 'Read the configuration from FILE [default: /etc/p1-multicast/p1reader.yml]' -r -F
complete -c p1report -n "__fish_p1report_using_subcommand import" -l log -d 'Log messages of this level and above' -r -f -a "debug\t'Everything, for finding a fault'
info\t'Changes of state'
warning\t'What the user should look at'
error\t'What does not work'
critical\t'The same as error'"
complete -c p1report -n "__fish_p1report_using_subcommand import" -l name -d 'Name the files of the import: `p1_import-NAME-YEAR.csv` [default: that of the format]' -r
complete -c p1report -n "__fish_p1report_using_subcommand import" -l meter -d 'The equipment identifier of the meter, where the files do not have it' -r
complete -c p1report -n "__fish_p1report_using_subcommand import" -l dir -d 'Write to this folder instead of that of the configured history' -r -F
complete -c p1report -n "__fish_p1report_using_subcommand import" -l zone -d 'The zone of times without an offset: local, utc or +01:00' -r
complete -c p1report -n "__fish_p1report_using_subcommand import" -l unit -d 'The unit of numbers: Wh, kWh, l, dl ... [default: that of the column]' -r
complete -c p1report -n "__fish_p1report_using_subcommand import" -l gas-time -d 'dsmr-reader: what the time of an hourly gas reading means' -r -f -a "start\t'The start of the hour that it ends'
read\t'When it was read'"
complete -c p1report -n "__fish_p1report_using_subcommand import" -l column -d 'csv: which column is time, date, until, `unique_id` or a number of the history; homeassistant: which entity' -r
complete -c p1report -n "__fish_p1report_using_subcommand import" -l time-is -d 'csv: what the time means' -r -f -a "reading\t'When the register was read; with --use the start'
start\t'The start of the interval that the number belongs to'
end\t'The end of the interval'"
complete -c p1report -n "__fish_p1report_using_subcommand import" -l time-format -d 'The form of times, as strftime has it: %m/%d/%Y %H:%M' -r
complete -c p1report -n "__fish_p1report_using_subcommand import" -l where -d 'Take rows with this value only' -r
complete -c p1report -n "__fish_p1report_using_subcommand import" -l separator -d 'What is between fields [default: what the first line has most of]' -r
complete -c p1report -n "__fish_p1report_using_subcommand import" -l language -d 'Language of the summary [default: that of the locale]' -r -f -a "nl\t''
en\t''"
complete -c p1report -n "__fish_p1report_using_subcommand import" -l debug -d 'Log everything; the same as --log debug'
complete -c p1report -n "__fish_p1report_using_subcommand import" -l check-config -d 'Check the configuration and exit'
complete -c p1report -n "__fish_p1report_using_subcommand import" -l dry-run -d 'Read and count everything, and write nothing'
complete -c p1report -n "__fish_p1report_using_subcommand import" -l use -d 'csv: numbers are what was used, and no registers'
complete -c p1report -n "__fish_p1report_using_subcommand import" -l no-header -d 'csv: the first line is a row; columns are called 1, 2 ...'
complete -c p1report -n "__fish_p1report_using_subcommand import" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c p1report -n "__fish_p1report_using_subcommand export" -l config-file -d 'Read the configuration from FILE [default: /etc/p1-multicast/p1reader.yml]' -r -F
complete -c p1report -n "__fish_p1report_using_subcommand export" -l log -d 'Log messages of this level and above' -r -f -a "debug\t'Everything, for finding a fault'
info\t'Changes of state'
warning\t'What the user should look at'
error\t'What does not work'
critical\t'The same as error'"
complete -c p1report -n "__fish_p1report_using_subcommand export" -l from -d 'Export from DATE on: 2026-11-25, 2026-11, 2026-W48, 2026, today or yesterday' -r
complete -c p1report -n "__fish_p1report_using_subcommand export" -l to -d 'Export to DATE, which is included' -r
complete -c p1report -n "__fish_p1report_using_subcommand export" -l year -d 'Export this year; the same as --from YYYY --to YYYY' -r
complete -c p1report -n "__fish_p1report_using_subcommand export" -l prefix -d 'homeassistant: what the names of the statistics begin with; `sensor.p1_meter_` for those of entities' -r
complete -c p1report -n "__fish_p1report_using_subcommand export" -l dir -d 'Read the history in this folder instead of the configured one' -r -F
complete -c p1report -n "__fish_p1report_using_subcommand export" -l meter -d 'Export the meter with this equipment identifier only' -r
complete -c p1report -n "__fish_p1report_using_subcommand export" -l debug -d 'Log everything; the same as --log debug'
complete -c p1report -n "__fish_p1report_using_subcommand export" -l check-config -d 'Check the configuration and exit'
complete -c p1report -n "__fish_p1report_using_subcommand export" -l decimal-comma -d 'csv: as Dutch and German spreadsheets read it: 12,5 and semicolons'
complete -c p1report -n "__fish_p1report_using_subcommand export" -l tariffs -d 'homeassistant: import and export of each tariff, too'
complete -c p1report -n "__fish_p1report_using_subcommand export" -l all -d 'homeassistant: every register'
complete -c p1report -n "__fish_p1report_using_subcommand export" -s h -l help -d 'Print help (see more with \'--help\')'
