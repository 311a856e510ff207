complete -c p1cat -l config-file -d 'Read the configuration from FILE [default: /etc/p1-multicast/p1reader.yml]' -r -F
complete -c p1cat -l log -d 'Log messages of this level and above' -r -f -a "debug\t'Everything, for finding a fault'
info\t'Changes of state'
warning\t'What the user should look at'
error\t'What does not work'
critical\t'The same as error'"
complete -c p1cat -l input -d 'Decode FILE (- is standard input), raw telegrams or details of p1reader, instead of listening to the network' -r -F
complete -c p1cat -l format -d 'Print telegrams in this format, or as a line with %{field} in it' -r -f -a "json\t''
readings\t''
csv\t''
influx\t''
prometheus\t''
obis\t''
text\t''"
complete -c p1cat -l fields -d 'Print only these fields, named readings or OBIS codes, comma-separated' -r
complete -c p1cat -l every -d 'Print the last telegram of each interval of S seconds' -r
complete -c p1cat -l when -d 'Print only telegrams with which this comes true, such as \'power_import_w > 9000 for 10s\'' -r
complete -c p1cat -l exec -d 'Run COMMAND with these arguments instead of printing; this option comes last' -r
complete -c p1cat -l exec-interval -d 'Run COMMAND at most once in S seconds [default: 60]' -r
complete -c p1cat -l output -d 'Write each telegram to FILE, in place of the one before, by rename' -r -F
complete -c p1cat -l meter -d 'Print only the telegrams of the meter with this equipment identifier' -r
complete -c p1cat -l source -d 'Print only the telegrams of this listener: its name or address; with --raw, its address' -r
complete -c p1cat -l count -d 'End after N telegrams' -r
complete -c p1cat -l timeout -d 'End with status 69 when no telegram has come for S seconds' -r
complete -c p1cat -l debug -d 'Log everything; the same as --log debug'
complete -c p1cat -l check-config -d 'Check the configuration and exit'
complete -c p1cat -l decimal-comma -d 'For spreadsheets: csv with a decimal comma, a semicolon between fields, and local time'
complete -c p1cat -l local-time -d 'For spreadsheets: csv with times as on the wall, 2026-11-25 22:47:33'
complete -c p1cat -l on-change -d 'Print only telegrams in which a field has changed'
complete -c p1cat -l raw -d 'Print telegrams byte for byte as the meter sent them'
complete -c p1cat -l explain -d 'Explain every line of each telegram in FILE, and point out what is odd'
complete -c p1cat -l http -d 'Answer an HTTP request on standard input with a telegram, and end'
complete -c p1cat -l anonymous -d 'Mask identifiers and texts of the telegrams in FILE'
complete -c p1cat -s h -l help -d 'Print help (see more with \'--help\')'
complete -c p1cat -s V -l version -d 'Print version'
