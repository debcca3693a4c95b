/* SPDX-License-Identifier: Apache-2.0 */
/* os_user.h - the user an image is made for. */
#ifndef OS_USER_H
#define OS_USER_H

/* The tag of an instance that says it. */
#define OS_USER_TAG "eice:user"

/* The user AWS documents for an image with this @name, or, if that says
 * nothing, for @platform_details ("Red Hat Enterprise Linux"); both may be
 * NULL.  Never NULL: ec2-user. */
const char *os_user_default(const char *image_name,
                            const char *platform_details);

#endif /* OS_USER_H */
