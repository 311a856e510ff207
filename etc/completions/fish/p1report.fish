complete -c p1report -l config-file -d 'Read the configuration from FILE [default: /etc/p1-multicast/p1reader.yml]' -r -F
complete -c p1report -l log -d 'Log messages of this level and above' -r -f -a "debug\t'Everything, for finding a fault'
info\t'Changes of state'
warning\t'What the user should look at'
error\t'What does not work'
critical\t'The same as error'"
complete -c p1report -l from -d 'Report from DATE on: 2026-11-25, 2026-11, 2026-W48, 2026, today or yesterday' -r
complete -c p1report -l to -d 'Report to DATE, which is included' -r
complete -c p1report -l year -d 'Report this year; the same as --from YYYY --to YYYY' -r
complete -c p1report -l compare -d 'Compare each period with another one, up to the same time in both' -r -f -a "last-year\t'The same period a year before'
before\t'The period before'"
complete -c p1report -l month-starts -d 'Begin months on day D, 1 to 28' -r
complete -c p1report -l year-starts -d 'Begin years on this day' -r
complete -c p1report -l by -d 'Sort top by this, and draw bars of it' -r -f -a "import\t'Energy from the grid'
export\t'Energy to the grid'
net\t'Import less export'
gas\t'Gas'
water\t'Water'
peak\t'The highest quarter-hour'"
complete -c p1report -l kwh -d 'The capacities of batteries, kWh, comma-separated' -r
complete -c p1report -l kw -d 'The power of each battery, kW; the last one counts for those that follow' -r
complete -c p1report -l efficiency -d 'How much of what goes in comes out of a battery, per cent' -r
complete -c p1report -l alert -d 'Exit with status 1 when a condition holds for the last period: \'import_kwh > 20\'' -r
complete -c p1report -l html -d 'Write a page with pictures to FILE, by rename, and print nothing' -r -F
complete -c p1report -l width -d 'Print for lines of N characters, 40 to 500 [default: the width of the terminal, else 80]' -r
complete -c p1report -l language -d 'Language of the report [default: that of the locale]' -r -f -a "nl\t''
en\t''"
complete -c p1report -l dir -d 'Read the history in this folder instead of the configured one' -r -F
complete -c p1report -l meter -d 'Report the meter with this equipment identifier only' -r
complete -c p1report -l debug -d 'Log everything; the same as --log debug'
complete -c p1report -l check-config -d 'Check the configuration and exit'
complete -c p1report -l tariffs -d 'Show import and export of each tariff'
complete -c p1report -l all -d 'Show every register'
complete -c p1report -l json -d 'Print JSON'
complete -c p1report -l csv -d 'Print CSV'
complete -c p1report -l decimal-comma -d 'Print CSV as Dutch and German spreadsheets read it: 12,5 and semicolons'
complete -c p1report -l oneline -d 'Print one line with today, this month and this year'
complete -c p1report -l ascii -d 'Use ASCII characters only'
complete -c p1report -s h -l help -d 'Print help (see more with \'--help\')'
complete -c p1report -s V -l version -d 'Print version'
