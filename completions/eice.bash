# SPDX-License-Identifier: Apache-2.0
# Completion of eice for bash; written by completions/generate.

_eice_profiles()
{
    sed -n -e 's/^\[profile \(.*\)\]$/\1/p' \
        -e 's/^\[\(default\)\]$/\1/p' \
        "${AWS_CONFIG_FILE:-$HOME/.aws/config}" 2>/dev/null
}

_eice()
{
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
    local command='' words='' i

    COMPREPLY=()
    for ((i = 1; i < COMP_CWORD; i++)); do
        case ${COMP_WORDS[i]} in
        ssh|scp|sftp|rsync|rdp|open-tunnel|send-ssh-public-key|list|ssh-config|whoami|get-password-data|cache)
            command=${COMP_WORDS[i]}
            ;;
        esac
    done
    case $prev in
    --endpoint-url)
        :
        return
        ;;
    --output)
        COMPREPLY=($(compgen -W 'json text table yaml yaml-stream off' -- "$cur"))
        return
        ;;
    --query)
        :
        return
        ;;
    --profile)
        COMPREPLY=($(compgen -W "$(_eice_profiles)" -- "$cur"))
        return
        ;;
    --region)
        :
        return
        ;;
    --ca-bundle)
        COMPREPLY=($(compgen -f -- "$cur"))
        return
        ;;
    --cli-read-timeout)
        :
        return
        ;;
    --cli-connect-timeout)
        :
        return
        ;;
    --cli-error-format)
        COMPREPLY=($(compgen -W 'legacy json yaml text table enhanced' -- "$cur"))
        return
        ;;
    --log)
        :
        return
        ;;
    --log-format)
        COMPREPLY=($(compgen -W 'text json' -- "$cur"))
        return
        ;;
    --instance-id)
        :
        return
        ;;
    --instance-ip)
        :
        return
        ;;
    --private-key-file)
        COMPREPLY=($(compgen -f -- "$cur"))
        return
        ;;
    --os-user)
        :
        return
        ;;
    --ssh-port)
        :
        return
        ;;
    --local-forwarding)
        :
        return
        ;;
    --connection-type)
        COMPREPLY=($(compgen -W 'direct eice auto' -- "$cur"))
        return
        ;;
    --eice-options)
        :
        return
        ;;
    --key)
        COMPREPLY=($(compgen -f -- "$cur"))
        return
        ;;
    --pick)
        :
        return
        ;;
    --host-keys)
        COMPREPLY=($(compgen -W 'console tofu off' -- "$cur"))
        return
        ;;
    --user)
        :
        return
        ;;
    --local-port)
        COMPREPLY=($(compgen -W 'auto' -- "$cur"))
        return
        ;;
    --client)
        :
        return
        ;;
    --instance-connect-endpoint-id)
        :
        return
        ;;
    --instance-connect-endpoint-dns-name)
        :
        return
        ;;
    --max-tunnel-duration)
        :
        return
        ;;
    --private-ip-address)
        :
        return
        ;;
    --remote-port)
        :
        return
        ;;
    --max-websocket-connections)
        :
        return
        ;;
    --local-socket)
        COMPREPLY=($(compgen -f -- "$cur"))
        return
        ;;
    --bind-address)
        :
        return
        ;;
    --when-full)
        COMPREPLY=($(compgen -W 'close wait' -- "$cur"))
        return
        ;;
    --preconnect)
        :
        return
        ;;
    --linger)
        :
        return
        ;;
    --connect-timeout)
        :
        return
        ;;
    --ping-interval)
        :
        return
        ;;
    --target)
        :
        return
        ;;
    --ssh-public-key)
        :
        return
        ;;
    --instance-os-user)
        :
        return
        ;;
    --availability-zone)
        :
        return
        ;;
    --filter)
        :
        return
        ;;
    --columns)
        :
        return
        ;;
    --file)
        COMPREPLY=($(compgen -f -- "$cur"))
        return
        ;;
    --priv-launch-key)
        COMPREPLY=($(compgen -f -- "$cur"))
        return
        ;;
    esac
    case $command in
    ssh)
        words='--instance-id --instance-ip --private-key-file --os-user --ssh-port --local-forwarding --connection-type --eice-options --key --no-push --pick --host-keys --print --json'
        ;;
    scp)
        words='--instance-id --instance-ip --private-key-file --os-user --ssh-port --connection-type --eice-options --key --no-push --pick --host-keys --print --json'
        ;;
    sftp)
        words='--instance-id --instance-ip --private-key-file --os-user --ssh-port --connection-type --eice-options --key --no-push --pick --host-keys --print --json'
        ;;
    rsync)
        words='--instance-id --instance-ip --private-key-file --os-user --ssh-port --connection-type --eice-options --key --no-push --pick --host-keys --print --json'
        ;;
    rdp)
        words='--key --user --local-port --print-file --password-only --copy --no-client --client --wait --pick --instance-connect-endpoint-id --instance-connect-endpoint-dns-name --max-tunnel-duration'
        ;;
    open-tunnel)
        words='--instance-id --instance-connect-endpoint-id --instance-connect-endpoint-dns-name --private-ip-address --remote-port --local-port --max-tunnel-duration --max-websocket-connections --local-socket --bind-address --when-full --preconnect --allow-other-users --force-remote-port --linger --connect-timeout --ping-interval --target --ssh-public-key --instance-os-user --host-keys'
        ;;
    send-ssh-public-key)
        words='--instance-id --instance-os-user --ssh-public-key --availability-zone'
        ;;
    list)
        words='--filter --columns --reachable --all'
        ;;
    ssh-config)
        words='--install --remove --file --key --os-user'
        ;;
    whoami)
        words='--json'
        ;;
    get-password-data)
        words='--instance-id --priv-launch-key --wait'
        ;;
    cache)
        words='--json'
        ;;
    *)
        words='ssh scp sftp rsync rdp open-tunnel send-ssh-public-key list ssh-config whoami get-password-data cache help'
        ;;
    esac
    words+=' --debug --endpoint-url --no-verify-ssl --output --query --profile --region --version --no-sign-request --ca-bundle --cli-read-timeout --cli-connect-timeout --cli-error-format --help --verbose --log --log-format --no-cache -h -v'
    COMPREPLY=($(compgen -W "$words" -- "$cur"))
}

complete -F _eice eice
