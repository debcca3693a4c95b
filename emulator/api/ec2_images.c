/* SPDX-License-Identifier: Apache-2.0 */
/* ec2_images.c - DescribeImages: the images that instances were made of.
 *
 * The world knows images by the instances that name them, so an image here is
 * the first of the caller's instances with its id, and belongs to them. */
#include <string.h>

#include "ec2.h"

/* 2026-01-01T00:00:00Z, when every image was made. */
#define CREATED_MS 1767225600000

static size_t count(const struct world *w)
{
    return world_n_instances(w);
}

static const void *at(const struct world *w, size_t i)
{
    return world_instance_at(w, i);
}

static const char *id_of(const void *item)
{
    return ((const struct world_instance *)item)->image_id;
}

static const struct world_vpc *vpc_of(const void *item)
{
    return ((const struct world_instance *)item)->subnet->vpc;
}

/* Whether @item is the first of the caller's instances with its image. */
static bool is_first(const struct api_call *c, const void *item)
{
    size_t i;

    for (i = 0; at(c->w, i) != item; i++) {
        const void *other = at(c->w, i);

        if (strcmp(id_of(other), id_of(item)) == 0 &&
            ec2_visible(c, vpc_of(other))) {
            return false;
        }
    }
    return true;
}

/* Owner.N: "self" or the account; nobody else has images here. */
static bool wanted(struct api_call *c, const void *item)
{
    const char *owners[FILTER_MAX_VALUES];
    const char *owner = vpc_of(item)->account->id;
    size_t n = params_list(&c->params, "Owner", owners, FILTER_MAX_VALUES);
    size_t i;

    for (i = 0; i < n && i < FILTER_MAX_VALUES; i++) {
        if (strcmp(owners[i], "self") == 0 || strcmp(owners[i], owner) == 0) {
            n = 0;
        }
    }
    return n == 0 && is_first(c, item);
}

static bool fits(struct api_call *c, const void *item, const struct filter *f)
{
    const struct world_instance *in = item;
    const struct ec2_text texts[] = {
        {"image-id", in->image_id},
        {"name", in->image_name},
        {"architecture", in->architecture},
        {"hypervisor", "xen"},
        {"image-type", "machine"},
        {"is-public", "false"},
        {"owner-id", vpc_of(in)->account->id},
        {"platform", in->platform},
        {"root-device-type", "ebs"},
        {"state", "available"},
        {"virtualization-type", "hvm"},
    };

    (void)c;
    return ec2_fits(f, texts, sizeof texts / sizeof texts[0], NULL, 0);
}

static void write_image(struct api_call *c, const void *item)
{
    const struct world_instance *in = item;

    call_xml(c, "imageId", in->image_id);
    call_xml(c, "imageState", "available");
    call_xml(c, "imageOwnerId", vpc_of(in)->account->id);
    call_xml_time(c, "creationDate", CREATED_MS);
    call_xml_bool(c, "isPublic", false);
    call_xml(c, "architecture", in->architecture);
    call_xml(c, "imageType", "machine");
    call_xml(c, "platform", in->platform);
    call_xml(c, "platformDetails", in->platform_details);
    call_xml(c, "name", in->image_name);
    call_xml(c, "rootDeviceType", "ebs");
    call_xml(c, "virtualizationType", "hvm");
    call_xml(c, "hypervisor", "xen");
    call_xml_tags(c, NULL, 0);
}

static const char *const filters[] = {"image-id",
                                      "name",
                                      "architecture",
                                      "hypervisor",
                                      "image-type",
                                      "is-public",
                                      "owner-id",
                                      "platform",
                                      "root-device-type",
                                      "state",
                                      "virtualization-type",
                                      "tag:",
                                      "tag-key",
                                      "tag-value",
                                      NULL};

static const struct ec2_describe describe = {
    .permission = "ec2:DescribeImages",
    .ids = "ImageId",
    .ids_name = "imagesSet",
    .prefix = "ami-",
    .malformed = "InvalidAMIID.Malformed",
    .not_found = "InvalidAMIID.NotFound",
    .noun = "The image id",
    .brackets = true,
    .set = "imagesSet",
    .filters = filters,
    .least = 1,
    .most = 1000,
    .count = count,
    .at = at,
    .id = id_of,
    .vpc = vpc_of,
    .wanted = wanted,
    .fits = fits,
    .write = write_image,
};

static void describe_images(struct api_call *c)
{
    ec2_describe(c, &describe);
}

static const char *const params[] = {"ImageId.N",        "Filter.N.Name",
                                     "Filter.N.Value.N", "MaxResults",
                                     "NextToken",        "ExecutableBy.N",
                                     "Owner.N",          "IncludeDeprecated",
                                     "IncludeDisabled",  NULL};

const struct ec2_action ec2_image_actions[] = {
    {"DescribeImages", params, describe_images},
    {NULL, NULL, NULL},
};
