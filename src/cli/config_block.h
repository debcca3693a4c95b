/* SPDX-License-Identifier: Apache-2.0 */
/* config_block.h - our part of somebody's ssh_config: between two marks, put
 * in, replaced, taken out.  Pure. */
#ifndef CONFIG_BLOCK_H
#define CONFIG_BLOCK_H

struct buf;
struct err;

/* Append to @out the configuration @old with @block (lines of its own, without
 * the marks) where our block was, or at the end; NULL takes it out.  Everything
 * else stays as it is.  0, or ERR_PARSE with @e when the marks do not pair. */
int config_block_set(struct buf *out, const char *old, const char *block,
                     struct err *e);

#endif /* CONFIG_BLOCK_H */
