complete -c p1listener -l config-file -d 'Read the configuration from FILE [default: /etc/p1-multicast/p1reader.yml]' -r -F
complete -c p1listener -l log -d 'Log messages of this level and above' -r -f -a "debug\t'Everything, for finding a fault'
info\t'Changes of state'
warning\t'What the user should look at'
error\t'What does not work'
critical\t'The same as error'"
complete -c p1listener -l record -d 'Append the raw bytes of the port to FILE' -r -F
complete -c p1listener -l make-key -d 'Write a new key, to sign telegrams with, to FILE, and exit' -r -F
complete -c p1listener -l debug -d 'Log everything; the same as --log debug'
complete -c p1listener -l check-config -d 'Check the configuration and exit'
complete -c p1listener -l probe -d 'Listen to the port, say what is on the wire, and exit'
complete -c p1listener -s h -l help -d 'Print help (see more with \'--help\')'
complete -c p1listener -s V -l version -d 'Print version'
