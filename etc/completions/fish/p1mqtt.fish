complete -c p1mqtt -l config-file -d 'Read the configuration from FILE [default: /etc/p1-multicast/p1reader.yml]' -r -F
complete -c p1mqtt -l log -d 'Log messages of this level and above' -r -f -a "debug\t'Everything, for finding a fault'
info\t'Changes of state'
warning\t'What the user should look at'
error\t'What does not work'
critical\t'The same as error'"
complete -c p1mqtt -l debug -d 'Log everything; the same as --log debug'
complete -c p1mqtt -l check-config -d 'Check the configuration and exit'
complete -c p1mqtt -s h -l help -d 'Print help (see more with \'--help\')'
complete -c p1mqtt -s V -l version -d 'Print version'
