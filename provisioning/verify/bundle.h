/// A signed provisioning file, as it lies on a raw disk or in a file.
///
///     "PSPROV1\n"   8 bytes
///     length of the settings, then length of the signature: 4 bytes each, big-endian
///     the settings (TOML), then the signature (ECDSA P-256, DER)
///
/// What follows is ignored: a disk is longer than a file. The signature is over everything
/// before it, so it says what kind of file it was made for and how long that is.
/// No file system: the kernel's drivers for one would read bytes that nobody has checked yet.
///
/// Pure. Threads: any. Ownership: the views live as long as the bytes.
#pragma once

#include <cstddef>
#include <string_view>

#include "firmware/base/bytes.h"
#include "firmware/base/result.h"

namespace privyseal::provisioning {

inline constexpr std::string_view kBundleMagic = "PSPROV1\n";
inline constexpr std::size_t kBundleHeaderBytes = 16;
inline constexpr std::size_t kMostSettingsBytes = 64 * 1024;
inline constexpr std::size_t kMostSignatureBytes = 80;
inline constexpr std::size_t kMostBundleBytes = kBundleHeaderBytes + kMostSettingsBytes + kMostSignatureBytes;

struct Bundle {
  ByteView whole;  ///< without what follows it
  ByteView signed_part;
  ByteView settings;
  ByteView signature;
};

/// kNotFound: the magic is not there, for example on a blank disk. kInvalid: a length that cannot be.
[[nodiscard]] Result<Bundle> parse_bundle(ByteView bytes);

}  // namespace privyseal::provisioning
