/// Files that travel inside the program, so that nothing beside it can be missing or changed.
#pragma once

#include <string_view>

namespace privyseal::evidence {

extern const std::string_view kTerms;       ///< provisioning/terms/v10.2.toml
extern const std::string_view kVerifyPack;  ///< provisioning/audit/verify_pack.py

}  // namespace privyseal::evidence
