/* SPDX-License-Identifier: Apache-2.0 */
/* ssh.c - eice ssh, scp, sftp, rsync: four rows over client_run.h. */
#include "client_args.h"
#include "client_line.h"
#include "client_run.h"
#include "commands.h"

static int run_ssh(struct program *p, void *args, const char *const *words,
                   size_t n)
{
    return client_run(p, &client_ssh, args, words, n);
}

static int run_scp(struct program *p, void *args, const char *const *words,
                   size_t n)
{
    return client_run(p, &client_scp, args, words, n);
}

static int run_sftp(struct program *p, void *args, const char *const *words,
                    size_t n)
{
    return client_run(p, &client_sftp, args, words, n);
}

static int run_rsync(struct program *p, void *args, const char *const *words,
                     size_t n)
{
    return client_run(p, &client_rsync, args, words, n);
}

const struct command command_ssh = {
    .name = "ssh",
    .summary = "Log in to an instance, by name",
    .synopsis = "eice ssh [USER@]NAME|ID|ADDRESS [options] [ssh options] "
                "[command]",
    .description =
        "Finds the instance, pushes a key that only this run has, and runs ssh "
        "through a\n"
        "tunnel. Options with one dash are ssh's and passed on as they are; "
        "the AWS CLI's\n"
        "own form, with --instance-id, works too.\n",
    .examples = "  eice ssh web\n"
                "  eice ssh ubuntu@web -L 5432:db:5432 -N\n"
                "  eice ssh i-0123456789abcdef0 uptime\n"
                "  eice ssh 10.0.1.5 --print\n",
    .options = client_ssh_options,
    .args_size = sizeof(struct client_args),
    .is_aws = true,
    .client = &client_ssh,
    .init = client_args_init,
    .run = run_ssh,
};

const struct command command_scp = {
    .name = "scp",
    .summary = "Copy files to or from an instance with scp",
    .synopsis = "eice scp [options] [scp options] FILE... [USER@]NAME:[PATH]",
    .description =
        "As 'eice ssh', for scp: any file may be [USER@]NAME:PATH. Options "
        "with one dash\n"
        "are scp's.\n",
    .examples = "  eice scp -r site/ web:/var/www/\n"
                "  eice scp ubuntu@10.0.1.5:/etc/hosts .\n",
    .options = client_copy_options,
    .args_size = sizeof(struct client_args),
    .client = &client_scp,
    .init = client_args_init,
    .run = run_scp,
};

const struct command command_sftp = {
    .name = "sftp",
    .summary = "Work with the files of an instance with sftp",
    .synopsis = "eice sftp [options] [sftp options] [USER@]NAME[:PATH]",
    .description = "As 'eice ssh', for sftp. Options with one dash are "
                   "sftp's.\n",
    .examples = "  eice sftp web\n"
                "  eice sftp -b commands.txt admin@web:/var/log\n",
    .options = client_copy_options,
    .args_size = sizeof(struct client_args),
    .client = &client_sftp,
    .init = client_args_init,
    .run = run_sftp,
};

const struct command command_rsync = {
    .name = "rsync",
    .summary = "Synchronise files with an instance with rsync",
    .synopsis = "eice rsync [options] [rsync options] FILE... "
                "[USER@]NAME:[PATH]",
    .description =
        "As 'eice ssh', for rsync. Our options come first, with their full "
        "names; all\n"
        "from the first other word on is rsync's.\n",
    .examples = "  eice rsync -a --delete site/ web:/var/www/\n"
                "  eice rsync --os-user ubuntu -a web:/var/log/ logs/\n",
    .options = client_copy_options,
    .args_size = sizeof(struct client_args),
    .client = &client_rsync,
    .init = client_args_init,
    .run = run_rsync,
};
