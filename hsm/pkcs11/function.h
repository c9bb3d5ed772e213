/// The C_ functions that we call, by name and by number.
///
///     module.call("C_Sign", &CK_FUNCTION_LIST::C_Sign, ...)   // another name does not compile
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

namespace privyseal::pkcs11 {

inline constexpr auto kFunctions = std::to_array<std::string_view>({
    "C_Initialize",
    "C_Finalize",
    "C_GetInfo",
    "C_GetSlotList",
    "C_GetTokenInfo",
    "C_GetMechanismList",
    "C_GetMechanismInfo",
    "C_InitToken",
    "C_InitPIN",
    "C_OpenSession",
    "C_CloseSession",
    "C_GetSessionInfo",
    "C_Login",
    "C_FindObjectsInit",
    "C_FindObjects",
    "C_FindObjectsFinal",
    "C_GetAttributeValue",
    "C_DestroyObject",
    "C_GenerateKeyPair",
    "C_SignInit",
    "C_Sign",
});

struct Function {
  consteval Function(const char* name)  // NOLINT: a name is what one writes
      : index(static_cast<std::size_t>(std::ranges::find(kFunctions, std::string_view(name)) -
                                       kFunctions.begin())) {
    if (index == kFunctions.size()) throw "not one of kFunctions";  // at compile time
  }
  [[nodiscard]] std::string_view name() const { return kFunctions[index]; }

  std::size_t index;
};

}  // namespace privyseal::pkcs11
