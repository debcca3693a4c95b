# SPDX-License-Identifier: Apache-2.0
# Completion of eice for fish; written by completions/generate.

function __eice_profiles
    set -l config $AWS_CONFIG_FILE
    test -n "$config"; or set config ~/.aws/config
    sed -n -e 's/^\[profile \(.*\)\]$/\1/p' \
        -e 's/^\[\(default\)\]$/\1/p' $config 2>/dev/null
end

complete -c eice -f
complete -c eice -n __fish_use_subcommand -a open-tunnel -d 'Open a tunnel on stdin and stdout, or on a local port'
complete -c eice -n __fish_use_subcommand -a send-ssh-public-key -d 'Push a public key to an instance for 60 seconds'
complete -c eice -n __fish_use_subcommand -a list -d 'List instances, and which of them can be reached'
complete -c eice -n __fish_use_subcommand -a whoami -d 'Show whose credentials are used, and the region'
complete -c eice -n __fish_use_subcommand -a help -d 'Help for a command'
complete -c eice -l debug -d 'Show every step on stderr, without a secret in it'
complete -c eice -l endpoint-url -x -d 'Send API calls there'
complete -c eice -l no-verify-ssl -d 'Accept any certificate, for API calls and tunnels'
complete -c eice -l output -x -a 'json text table yaml yaml-stream off' -d 'How answers are printed'
complete -c eice -l profile -x -a '(__eice_profiles)' -d 'Use this profile of the AWS configuration files'
complete -c eice -l region -x -d 'Use this region'
complete -c eice -l version -d 'Print the versions of eice and its libraries'
complete -c eice -l no-sign-request -d 'Do not sign, and load no credentials'
complete -c eice -l ca-bundle -r -F -d 'Trust the certificates in this file, for API calls and tunnels'
complete -c eice -l cli-read-timeout -x -d 'Wait so long for an answer to an API call; 0: for ever'
complete -c eice -l cli-connect-timeout -x -d 'Wait so long for a connection for an API call; 0: for ever'
complete -c eice -l cli-error-format -x -a 'legacy json yaml text table enhanced' -d 'How errors are printed: enhanced, legacy, json, yaml, text, table'
complete -c eice -l help -s h -d 'Print a short help'
complete -c eice -l verbose -s v -d 'Say more on stderr; twice: as --debug; three times: everything'
complete -c eice -l log -x -d 'Say more of some groups: "tls,ws:debug", "net:trace,api:info"'
complete -c eice -l log-format -x -a 'text json' -d 'Write the log and errors as text or as json, one object a line'
complete -c eice -n '__fish_seen_subcommand_from open-tunnel' -l instance-id -x -d 'The instance to reach'
complete -c eice -n '__fish_seen_subcommand_from open-tunnel' -l instance-connect-endpoint-id -x -d 'The endpoint to go through; without it one in the instance\'s subnet or else VPC is found'
complete -c eice -n '__fish_seen_subcommand_from open-tunnel' -l instance-connect-endpoint-dns-name -x -d 'Where that endpoint is; with its id and an address nothing is looked up'
complete -c eice -n '__fish_seen_subcommand_from open-tunnel' -l private-ip-address -x -d 'The IPv4 or IPv6 address to reach; needs the endpoint\'s id'
complete -c eice -n '__fish_seen_subcommand_from open-tunnel' -l remote-port -x -d 'The port to reach: 22 (default) or 3389'
complete -c eice -n '__fish_seen_subcommand_from open-tunnel' -l local-port -x -a 'auto' -d 'Listen on this port of 127.0.0.1 and ::1; auto: on a free one; 0: none, use stdin and stdout'
complete -c eice -n '__fish_seen_subcommand_from open-tunnel' -l max-tunnel-duration -x -d 'End each tunnel after this time, 1 to 3600'
complete -c eice -n '__fish_seen_subcommand_from open-tunnel' -l max-websocket-connections -x -d 'Serve so many connections at a time when listening (default 10)'
complete -c eice -n '__fish_seen_subcommand_from open-tunnel' -l local-socket -r -F -d 'Listen on a unix socket, which only you may use'
complete -c eice -n '__fish_seen_subcommand_from open-tunnel' -l bind-address -x -d 'Listen on these addresses instead of 127.0.0.1 and ::1'
complete -c eice -n '__fish_seen_subcommand_from open-tunnel' -l when-full -x -a 'close wait' -d 'What happens to a connection over the limit: close (default), or wait for its turn'
complete -c eice -n '__fish_seen_subcommand_from open-tunnel' -l allow-other-users -d 'Serve other users of this machine, too'
complete -c eice -n '__fish_seen_subcommand_from open-tunnel' -l force-remote-port -d 'Ask for a remote port that the service is known to refuse'
complete -c eice -n '__fish_seen_subcommand_from open-tunnel' -l linger -x -d 'After the end of the local input keep the tunnel until the remote has been quiet so long (default 10)'
complete -c eice -n '__fish_seen_subcommand_from open-tunnel' -l connect-timeout -x -d 'Give up connecting to the endpoint, or waiting for its answer, after this time (default 10); 0: never'
complete -c eice -n '__fish_seen_subcommand_from open-tunnel' -l ping-interval -x -d 'Send a ping this often (default 30); 0: never'
complete -c eice -n '__fish_seen_subcommand_from send-ssh-public-key' -l instance-id -x -d 'The instance'
complete -c eice -n '__fish_seen_subcommand_from send-ssh-public-key' -l instance-os-user -x -d 'Who may log in with the key'
complete -c eice -n '__fish_seen_subcommand_from send-ssh-public-key' -l ssh-public-key -x -d 'The public key itself, or file://PATH'
complete -c eice -n '__fish_seen_subcommand_from send-ssh-public-key' -l availability-zone -x -d 'The instance\'s availability zone; not needed'
complete -c eice -n '__fish_seen_subcommand_from list' -l filter -x -d 'Only instances with one of these values, as EC2\'s filters: tag:env=dev, instance-type=t3.*; several filters must all fit'
complete -c eice -n '__fish_seen_subcommand_from list' -l columns -x -d 'What to show: id, name, state, type, image, key, launched, arch, vpc, subnet, zone, private-ip, ipv6, address, public-ip, private-dns, public-dns, platform, endpoint, reachable, tag:KEY'
complete -c eice -n '__fish_seen_subcommand_from list' -l reachable -d 'Only instances that can be reached now'
complete -c eice -n '__fish_seen_subcommand_from list' -l all -d 'Terminated instances, too'
complete -c eice -n '__fish_seen_subcommand_from whoami' -l json -d 'Print a JSON object'
