#include "provisioning/evidence/manifest.h"

#include "firmware/base/audit/checkpoint.h"
#include "firmware/base/audit/merkle.h"

namespace privyseal::evidence {
namespace {

std::string line_of(const std::string& path, const Content& content) {
  return to_hex(content.sha256()) + "  " + path;
}

}  // namespace

std::string manifest_of(const PackFiles& files) {
  std::string manifest;
  for (const auto& [path, content] : files) manifest += line_of(path, content) + "\n";
  return manifest;
}

std::string content_hash(const PackFiles& files) {
  std::string lines;
  for (const auto& [path, content] : files)
    if (path.starts_with("data/")) lines += line_of(path, content) + "\n";
  return to_hex(sha256(bytes_of(lines)));
}

Result<std::string> sign_manifest(const PackFiles& files, std::string_view host, ByteView public_key,
                                  const std::function<Result<Bytes>(std::string_view)>& sign) {
  audit::CompactRange range;
  for (const auto& [path, content] : files) range.append(audit::leaf_hash(bytes_of(line_of(path, content))));
  const audit::Checkpoint checkpoint{
      .origin = std::string(host) + "/pack", .size = range.size(), .root = range.root()};
  const auto signature = sign(audit::checkpoint_text(checkpoint));
  if (!signature) return std::unexpected(signature.error());
  const std::string note = audit::note_of(checkpoint, public_key, *signature);
  const auto parsed = audit::parse_note(note);
  if (!parsed) return std::unexpected(parsed.error());
  if (auto checked = audit::check_signature(*parsed, public_key); !checked)
    return fail("the pack's signature", checked.error());
  return note;
}

}  // namespace privyseal::evidence
