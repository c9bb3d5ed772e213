/// What a pack consists of, and the one line of each file that is signed for.
///
/// MANIFEST has a line "sha256hex  path" for each file, sorted by path. MANIFEST.note is a signed checkpoint
/// (firmware/base/audit/checkpoint.h) whose entries are those lines: its origin is "<host>/pack".
///
/// Pure. Threads: any.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "firmware/base/bytes.h"
#include "firmware/base/result.h"
#include "provisioning/evidence/content.h"

namespace privyseal::evidence {

/// Path in the pack, with '/' between folders -> content.
using PackFiles = std::map<std::string, Content>;

inline constexpr std::string_view kManifest = "MANIFEST";
inline constexpr std::string_view kManifestNote = "MANIFEST.note";

[[nodiscard]] std::string manifest_of(const PackFiles& files);

/// SHA-256, in hexadecimal, of the manifest lines of what lies in "data/": the same range gives the same
/// hash, whenever and however often a pack is made of it.
[[nodiscard]] std::string content_hash(const PackFiles& files);

/// Signs with `sign` (over a checkpoint's text); gives the note.
[[nodiscard]] Result<std::string> sign_manifest(
    const PackFiles& files, std::string_view host, ByteView public_key,
    const std::function<Result<Bytes>(std::string_view text)>& sign);

}  // namespace privyseal::evidence
