/// The profiles of the terms that travel inside the program (profiles/), so that none can be missing.
#pragma once

#include <string_view>

namespace privyseal::policy {

extern const std::string_view kProfileV102;
extern const std::string_view kProfileV94;

}  // namespace privyseal::policy
