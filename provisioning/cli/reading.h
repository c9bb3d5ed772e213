/// Reading a door's answer, as evidence is read.
#pragma once

#include "provisioning/evidence/reading.h"

namespace privyseal::cli {

using evidence::count_at;
using evidence::number_at;
using evidence::object_at;
using evidence::objects_at;
using evidence::shown;
using evidence::shown_time;
using evidence::texts_at;

}  // namespace privyseal::cli
