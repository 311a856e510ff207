complete -c p1emeter -l config-file -d 'Read the configuration from FILE [default: /etc/p1-multicast/p1reader.yml]' -r -F
complete -c p1emeter -l log -d 'Log messages of this level and above' -r -f -a "debug\t'Everything, for finding a fault'
info\t'Changes of state'
warning\t'What the user should look at'
error\t'What does not work'
critical\t'The same as error'"
complete -c p1emeter -l debug -d 'Log everything; the same as --log debug'
complete -c p1emeter -l check-config -d 'Check the configuration and exit'
complete -c p1emeter -l print -d 'Print what would be sent, once per telegram, and send nothing'
complete -c p1emeter -s h -l help -d 'Print help (see more with \'--help\')'
complete -c p1emeter -s V -l version -d 'Print version'
