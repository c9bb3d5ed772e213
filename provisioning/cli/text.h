/// Outside text, and times, on a terminal: as in evidence.
#pragma once

#include "provisioning/evidence/text.h"

namespace privyseal::cli {

using evidence::counted;
using evidence::escaped;
using evidence::london;
using evidence::parse_date_or_time;
using evidence::parse_time;
using evidence::width_of;

}  // namespace privyseal::cli
