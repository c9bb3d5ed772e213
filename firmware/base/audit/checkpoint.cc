#include "firmware/base/audit/checkpoint.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <algorithm>
#include <charconv>
#include <memory>

#include "firmware/base/base64.h"
#include "firmware/base/check.h"
#include "firmware/base/free.h"

namespace privyseal::audit {
namespace {

constexpr std::size_t kMostOriginBytes = 255;
constexpr std::size_t kMostNoteBytes = 4096;
constexpr std::string_view kDash = "\xe2\x80\x94 ";  // U+2014 and a blank begin a signature line
constexpr std::byte kSignatureType{0x02};            // in the key id: ECDSA

std::unexpected<Error> malformed(std::string_view what) {
  return fail(ErrorCode::kInvalid, "checkpoint: " + std::string(what));
}

/// Takes one line off the front, which must end in a newline.
Result<std::string_view> take_line(std::string_view& text) {
  const auto end = text.find('\n');
  if (end == std::string_view::npos) return malformed("a line is missing");
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end + 1);
  return line;
}

Result<std::uint64_t> parse_size(std::string_view text) {
  std::uint64_t size = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), size);
  if (error != std::errc() || end != text.data() + text.size() || std::to_string(size) != text)
    return malformed("its size is no number");
  return size;
}

}  // namespace

bool is_origin(std::string_view origin) {
  return !origin.empty() && origin.size() <= kMostOriginBytes &&
         std::ranges::all_of(origin, [](char c) { return c > ' ' && c < 0x7f && c != '+'; });
}

std::string checkpoint_text(const Checkpoint& checkpoint) {
  CHECK(is_origin(checkpoint.origin));
  return checkpoint.origin + "\n" + std::to_string(checkpoint.size) + "\n" + to_base64(checkpoint.root) +
         "\n";
}

Result<Checkpoint> parse_checkpoint(std::string_view text) {
  if (text.size() > kMostNoteBytes) return malformed("too long");
  const auto origin = take_line(text);
  if (!origin) return std::unexpected(origin.error());
  if (!is_origin(*origin)) return malformed("its origin is none");
  const auto size = take_line(text).and_then(parse_size);
  if (!size) return std::unexpected(size.error());
  const auto root = take_line(text).and_then(from_base64);
  if (!root || root->size() != sizeof(Digest)) return malformed("its root is none");
  if (!text.empty()) return malformed("more lines than three");
  Checkpoint checkpoint{.origin = std::string(*origin), .size = *size};
  std::ranges::copy(*root, checkpoint.root.begin());
  return checkpoint;
}

KeyId key_id(std::string_view origin, ByteView public_key) {
  const Digest digest = sha256({bytes_of(origin), bytes_of("\n"), ByteView(&kSignatureType, 1), public_key});
  KeyId id;
  std::ranges::copy_n(digest.begin(), id.size(), id.begin());
  return id;
}

std::string note_of(const Checkpoint& checkpoint, ByteView public_key, ByteView signature) {
  Bytes signed_by = copy_of(key_id(checkpoint.origin, public_key));
  append(signed_by, signature);
  return checkpoint_text(checkpoint) + "\n" + std::string(kDash) + checkpoint.origin + " " +
         to_base64(signed_by) + "\n";
}

Result<SignedCheckpoint> parse_note(std::string_view note) {
  if (note.size() > kMostNoteBytes) return malformed("too long");
  const auto blank = note.find("\n\n");
  if (blank == std::string_view::npos) return malformed("no signature");
  auto checkpoint = parse_checkpoint(note.substr(0, blank + 1));
  if (!checkpoint) return std::unexpected(checkpoint.error());
  std::string_view rest = note.substr(blank + 2);
  auto line = take_line(rest);
  if (!line || !rest.empty()) return malformed("not one signature line");
  const std::string start = std::string(kDash) + checkpoint->origin + " ";
  if (!line->starts_with(start)) return malformed("the signature is not by its origin");
  const auto signed_by = from_base64(line->substr(start.size()));
  SignedCheckpoint signed_checkpoint{.checkpoint = std::move(*checkpoint)};
  if (!signed_by || signed_by->size() <= signed_checkpoint.key_id.size()) return malformed("no signature");
  const auto [begin, end] = std::pair{signed_by->begin(), signed_by->begin() + sizeof(KeyId)};
  std::copy(begin, end, signed_checkpoint.key_id.begin());
  signed_checkpoint.signature.assign(end, signed_by->end());
  return signed_checkpoint;
}

Result<void> check_signature(const SignedCheckpoint& checkpoint, ByteView public_key) {
  const unsigned char* der = uchar(public_key);
  const std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>> key(
      d2i_PUBKEY(nullptr, &der, static_cast<long>(public_key.size())));
  const std::unique_ptr<EVP_MD_CTX, Free<EVP_MD_CTX_free>> context(EVP_MD_CTX_new());
  if (!key || !context ||
      EVP_DigestVerifyInit_ex(context.get(), nullptr, "SHA256", nullptr, nullptr, key.get(), nullptr) != 1) {
    ERR_clear_error();
    return malformed("the audit key cannot be used");
  }
  const std::string text = checkpoint_text(checkpoint.checkpoint);
  const bool valid = checkpoint.key_id == key_id(checkpoint.checkpoint.origin, public_key) &&
                     EVP_DigestVerify(context.get(), uchar(checkpoint.signature), checkpoint.signature.size(),
                                      uchar(bytes_of(text)), text.size()) == 1;
  ERR_clear_error();
  if (!valid) return fail(ErrorCode::kDenied, "checkpoint: not signed by the audit key");
  return {};
}

}  // namespace privyseal::audit
