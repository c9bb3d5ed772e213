/// `set-up`: turns a verified provisioning file into a box that can start, at each boot anew.
///
/// Chooses between the kept file and a disk's (chosen_file.h); writes every settings file; makes the token if
/// it was never made; keeps the signed file, so that the next boot needs no provisioning disk. A crash at any
/// point is mended by the next run: the token counts as made only when its mark is on the disk, and before
/// that no key can have been born in it.
#pragma once

#include "provisioning/command.h"

namespace privyseal::provisioning {

[[nodiscard]] Command set_up_command();

}  // namespace privyseal::provisioning
