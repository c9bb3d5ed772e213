/// What the shim (shim_module.cc) and a test (shim.h) share: one mapped file.
///
/// All fields are atomics in shared memory, so that a test can switch faults while keyd works.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string_view>

// clang-format off: one after the other, as the standard lists them
// name, whether the first argument is a session, and which argument is an object (0: none).
#define PRIVYSEAL_PKCS11_FUNCTIONS(X)                                                                        \
  X(C_Initialize, 0, 0)                                                                                      \
  X(C_Finalize, 0, 0)                                                                                        \
  X(C_GetInfo, 0, 0)                                                                                         \
  X(C_GetSlotList, 0, 0)                                                                                     \
  X(C_GetSlotInfo, 0, 0)                                                                                     \
  X(C_GetTokenInfo, 0, 0)                                                                                    \
  X(C_WaitForSlotEvent, 0, 0)                                                                                \
  X(C_GetMechanismList, 0, 0)                                                                                \
  X(C_GetMechanismInfo, 0, 0)                                                                                \
  X(C_InitToken, 0, 0)                                                                                       \
  X(C_OpenSession, 0, 0)                                                                                     \
  X(C_CloseAllSessions, 0, 0)                                                                                \
  X(C_CloseSession, 1, 0)                                                                                    \
  X(C_GetSessionInfo, 1, 0)                                                                                  \
  X(C_Login, 1, 0)                                                                                           \
  X(C_Logout, 1, 0) X(C_InitPIN, 1, 0) X(C_SetPIN, 1, 0) X(C_GetOperationState, 1, 0)                        \
      X(C_SetOperationState, 1, 0) X(C_CreateObject, 1, 0) X(C_CopyObject, 1, 1) X(C_DestroyObject, 1, 1)    \
          X(C_GetObjectSize, 1, 1) X(C_GetAttributeValue, 1, 1) X(C_SetAttributeValue, 1, 1)                 \
              X(C_FindObjectsInit, 1, 0) X(C_FindObjects, 1, 0) X(C_FindObjectsFinal, 1, 0) X(               \
                  C_EncryptInit, 1, 2) X(C_Encrypt, 1, 0) X(C_EncryptUpdate, 1, 0) X(C_EncryptFinal, 1, 0)   \
                  X(C_DecryptInit, 1, 2) X(C_Decrypt, 1, 0) X(C_DecryptUpdate, 1, 0) X(C_DecryptFinal, 1, 0) \
                      X(C_DigestInit, 1, 0) X(C_Digest, 1, 0) X(C_DigestUpdate, 1, 0) X(C_DigestKey, 1, 1)   \
                          X(C_DigestFinal, 1, 0) X(C_SignInit, 1, 2) X(C_Sign, 1, 0) X(C_SignUpdate, 1, 0)   \
                              X(C_SignFinal, 1, 0) X(C_SignRecoverInit, 1, 2) X(C_SignRecover, 1, 0)         \
                                  X(C_VerifyInit, 1, 2) X(C_Verify, 1, 0) X(C_VerifyUpdate, 1, 0)            \
                                      X(C_VerifyFinal, 1, 0) X(C_VerifyRecoverInit, 1, 2)                    \
                                          X(C_VerifyRecover, 1, 0) X(C_DigestEncryptUpdate, 1, 0)            \
                                              X(C_DecryptDigestUpdate, 1, 0) X(C_SignEncryptUpdate, 1, 0)    \
                                                  X(C_DecryptVerifyUpdate, 1, 0) X(C_GenerateKey, 1, 0)      \
                                                      X(C_GenerateKeyPair, 1, 0) X(C_WrapKey, 1, 2)          \
                                                          X(C_UnwrapKey, 1, 2) X(C_DeriveKey, 1, 2)          \
                                                              X(C_SeedRandom, 1, 0)                          \
                                                                  X(C_GenerateRandom, 1, 0)
// clang-format on

namespace privyseal::test {

#define PRIVYSEAL_FUNCTION_NAME(name, session, object) std::string_view(#name),
inline constexpr std::array kShimFunctions{PRIVYSEAL_PKCS11_FUNCTIONS(PRIVYSEAL_FUNCTION_NAME)};
#undef PRIVYSEAL_FUNCTION_NAME

/// An index into kShimFunctions; ends the program for a name that is not there.
consteval std::int32_t shim_function(std::string_view name) {
  for (std::size_t i = 0; i < kShimFunctions.size(); ++i)
    if (kShimFunctions[i] == name) return static_cast<std::int32_t>(i);
  throw "no such function";  // at compile time
}

inline constexpr std::int32_t kEverySessionFunction = -1;  ///< but C_CloseSession
inline constexpr std::int32_t kNoFunction = -2;
inline constexpr std::int64_t kWithoutEnd = -1;

struct ShimControl {
  std::array<std::atomic<std::uint64_t>, kShimFunctions.size()> calls;
  std::atomic<std::int64_t> open_sessions;
  std::atomic<std::int64_t> most_sessions;  ///< that were ever open at once

  std::atomic<std::uint32_t> call_microseconds;  ///< latency of each call
  std::atomic<std::uint32_t> sign_microseconds;  ///< and, besides, of each C_Sign
  std::atomic<std::uint32_t> open_microseconds;  ///< and of each C_OpenSession

  // Calls of `fault_function` give `fault_value` instead of doing something.
  std::atomic<std::int32_t> fault_function{kNoFunction};
  std::atomic<std::uint64_t> fault_value;
  std::atomic<std::int64_t> fault_spares;             ///< so many go well before
  std::atomic<std::int64_t> fault_left;               ///< how many; kWithoutEnd
  std::atomic<std::int32_t> fault_ends{kNoFunction};  ///< a call of it ends the fault
  std::atomic<bool> fault_stays;                      ///< on the session, until it is closed
  std::atomic<std::int64_t> fault_new_sessions;       ///< so many that are opened from now on have it as well

  std::atomic<std::int64_t> flips;            ///< so many signatures are spoilt
  std::atomic<std::int32_t> logout_function;  ///< C_Sign or C_FindObjectsInit
  std::atomic<std::int64_t> logouts;          ///< so many calls of it find that everybody is logged out

  // Calls of `hang_function` do not return until `releases` changes.
  std::atomic<std::int32_t> hang_function{kNoFunction};
  std::atomic<std::int64_t> hang_left;
  std::atomic<std::uint64_t> releases;
  std::atomic<std::int64_t> hanging;  ///< so many do now

  // The token was restarted: sessions, log-in and object handles from before are gone.
  std::atomic<std::uint64_t> restarts;
  std::atomic<std::uint64_t> renumberings;    ///< only the object handles are others
  std::atomic<bool> is_absent;                ///< the token is not there
  std::atomic<bool> is_gone_until_finalised;  ///< and stays away for a module that is not initialised anew
};

}  // namespace privyseal::test
