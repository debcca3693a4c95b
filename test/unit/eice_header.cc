/* SPDX-License-Identifier: Apache-2.0 */
/* eice_header.cc - the public header is C++ as well, and links from it. */
#include <eice/eice.h>

#include <cstring>

int main()
{
    eice_target target{};
    eice_error error{};

    target.size = sizeof target;
    target.instance_id = "i-0123456789abcdef0";
    if (eice_target_check(&target, &error) != 0) {
        return 1;
    }
    return std::strcmp(eice_version(), EICE_VERSION) == 0 ? 0 : 1;
}
