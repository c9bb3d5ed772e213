#include "hsm/keyd/tls13.h"

#include <algorithm>
#include <string_view>

namespace privyseal::keyd {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t kBlanks = 64;
// Each with its closing zero byte.
constexpr std::string_view kClientContext = "TLS 1.3, client CertificateVerify\0"sv;
constexpr std::string_view kServerContext = "TLS 1.3, server CertificateVerify\0"sv;
constexpr std::size_t kSha256Bytes = 32;
constexpr std::size_t kSha384Bytes = 48;
static_assert(kBlanks + kServerContext.size() + kSha384Bytes == 146);
static_assert(kClientContext.size() == kServerContext.size());

}  // namespace

std::optional<Tls13Side> certificate_verify_side(ByteView message) {
  constexpr std::size_t kHead = kBlanks + kServerContext.size();
  if (message.size() != kHead + kSha256Bytes && message.size() != kHead + kSha384Bytes) return std::nullopt;
  const std::string_view head = text_of(message.first(kHead));
  if (!std::ranges::all_of(head.substr(0, kBlanks), [](char c) { return c == ' '; })) return std::nullopt;
  const std::string_view context = head.substr(kBlanks);
  if (context == kClientContext) return Tls13Side::kClient;
  if (context == kServerContext) return Tls13Side::kServer;
  return std::nullopt;
}

}  // namespace privyseal::keyd
