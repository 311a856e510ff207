complete -c p1sim -l link -d 'Make PATH a symbolic link to the port; remove it at the end' -r -F
complete -c p1sim -l speed -d 'Let time run N times as fast (0.1 to 100000), or `max`: as fast as it is read' -r
complete -c p1sim -l seed -d 'The household: the same number and start give the same telegrams' -r
complete -c p1sim -l start -d 'Local time (Amsterdam) of the first telegram, \'YYYY-MM-DD HH:MM:SS\' [default: now]' -r
complete -c p1sim -l count -d 'End after N telegrams' -r
complete -c p1sim -l replay -d 'Play the recorded telegrams in FILE instead, byte for byte' -r -F
complete -c p1sim -l key-file -d 'The decryption key: 32 hexadecimal digits in FILE' -r -F
complete -c p1sim -l authentication-key-file -d 'The authentication key; without it, that of Luxembourg' -r -F
complete -c p1sim -l loop -d 'Begin the recording again when it is over'
complete -c p1sim -l encrypt -d 'Encrypt the telegrams, as meters of Luxembourg and Austria do'
complete -c p1sim -l faults -d 'Damage three of eight encrypted telegrams on the line'
complete -c p1sim -l baud-pace -d 'Send bytes at the pace of a line of 115200 baud'
complete -c p1sim -l stdout -d 'Write to standard output instead of a pseudo-terminal'
complete -c p1sim -s h -l help -d 'Print help'
complete -c p1sim -s V -l version -d 'Print version'
