#include "provisioning/verify/bundle.h"

#include <cstdint>

namespace privyseal::provisioning {
namespace {

std::size_t big_endian(ByteView four) {
  std::size_t number = 0;
  for (const std::byte byte : four) number = number << 8 | std::to_integer<std::size_t>(byte);
  return number;
}

}  // namespace

Result<Bundle> parse_bundle(ByteView bytes) {
  if (bytes.size() < kBundleMagic.size() || text_of(bytes.first(kBundleMagic.size())) != kBundleMagic)
    return fail(ErrorCode::kNotFound, "there is no provisioning file on it");
  if (bytes.size() < kBundleHeaderBytes) return fail(ErrorCode::kInvalid, "the provisioning file is cut off");
  const std::size_t settings = big_endian(bytes.subspan(8, 4));
  const std::size_t signature = big_endian(bytes.subspan(12, 4));
  if (settings == 0 || settings > kMostSettingsBytes || signature == 0 || signature > kMostSignatureBytes)
    return fail(ErrorCode::kInvalid, "the provisioning file states a length that cannot be");
  const std::size_t signed_part = kBundleHeaderBytes + settings;
  if (bytes.size() < signed_part + signature)
    return fail(ErrorCode::kInvalid, "the provisioning file is cut off");
  return Bundle{.whole = bytes.first(signed_part + signature),
                .signed_part = bytes.first(signed_part),
                .settings = bytes.subspan(kBundleHeaderBytes, settings),
                .signature = bytes.subspan(signed_part, signature)};
}

}  // namespace privyseal::provisioning
