complete -c p1dashboard -l config-file -d 'Read the configuration from FILE [default: /etc/p1-multicast/p1reader.yml]' -r -F
complete -c p1dashboard -l log -d 'Log messages of this level and above' -r -f -a "debug\t'Everything, for finding a fault'
info\t'Changes of state'
warning\t'What the user should look at'
error\t'What does not work'
critical\t'The same as error'"
complete -c p1dashboard -l meter -d 'Show the meter with this equipment identifier [default: the first that is heard]' -r
complete -c p1dashboard -l language -d 'Language of the screen [default: that of the locale]' -r -f -a "nl\t''
en\t''"
complete -c p1dashboard -l input -d 'Play the raw telegrams in FILE, one a second, instead of listening to the network' -r -F
complete -c p1dashboard -l speed -d 'Play them N times as fast (1 to 1000)' -r
complete -c p1dashboard -l log-file -d 'Append the log to FILE; without this nothing is logged while the screen is in use' -r -F
complete -c p1dashboard -l debug -d 'Log everything; the same as --log debug'
complete -c p1dashboard -l check-config -d 'Check the configuration and exit'
complete -c p1dashboard -l monochrome -d 'Use no colours'
complete -c p1dashboard -l blocks -d 'Draw with half blocks instead of Braille, for fonts without it'
complete -c p1dashboard -l ascii -d 'Use ASCII characters only'
complete -c p1dashboard -l once -d 'Print one page as plain text, and end'
complete -c p1dashboard -s h -l help -d 'Print help (see more with \'--help\')'
complete -c p1dashboard -s V -l version -d 'Print version'
