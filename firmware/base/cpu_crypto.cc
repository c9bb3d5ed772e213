#include "firmware/base/cpu_crypto.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>

#include "firmware/base/log.h"

namespace privyseal {
namespace {

constexpr std::string_view kName = "OPENSSL_ia32cap=";

// Bits of the first two words (OPENSSL_ia32cap(3)): CPUID leaf 1 EDX and ECX, then leaf 7 EBX and ECX.
constexpr int kCarryLessMultiplication = 33;
constexpr int kAes = 57;
constexpr int kRdrand = 62;
constexpr int kAvx512f = 16;
constexpr int kSha = 29;
constexpr int kVaes = 41;

constexpr bool has(std::uint64_t word, int bit) { return ((word >> bit) & 1) != 0; }

/// "0x" and hexadecimal digits, to the end.
std::optional<std::uint64_t> parse_word(std::string_view text) {
  constexpr int kHexadecimal = 16;
  if (!text.starts_with("0x")) return std::nullopt;
  text.remove_prefix(2);
  std::uint64_t word = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), word, kHexadecimal);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return word;
}

}  // namespace

std::optional<CpuCrypto> parse_cpu_settings(std::string_view text) {
  if (!text.starts_with(kName)) return std::nullopt;
  text.remove_prefix(kName.size());
  std::array<std::uint64_t, 2> words{};
  for (std::uint64_t& word : words) {
    const std::string_view next = text.substr(0, text.find(':'));
    const auto parsed = parse_word(next);
    if (!parsed) return std::nullopt;
    word = *parsed;
    text.remove_prefix(std::min(text.size(), next.size() + 1));
  }
  const auto [leaf1, leaf7] = words;
  return CpuCrypto{.aes = has(leaf1, kAes) && has(leaf1, kCarryLessMultiplication),
                   .vaes = has(leaf7, kVaes),
                   .sha = has(leaf7, kSha),
                   .avx512 = has(leaf7, kAvx512f),
                   .rdrand = has(leaf1, kRdrand)};
}

std::optional<CpuCrypto> cpu_crypto() {
  const char* text = OPENSSL_info(OPENSSL_INFO_CPU_SETTINGS);
  return text == nullptr ? std::nullopt : parse_cpu_settings(text);
}

std::string to_text(const std::optional<CpuCrypto>& features) {
  if (!features) return "unknown";
  std::string text;
  const auto add = [&](bool is_there, std::string_view name) {
    if (is_there) text += (text.empty() ? "" : ", ") + std::string(name);
  };
  add(features->aes, "AES-NI");
  add(features->vaes, "VAES");
  add(features->sha, "SHA-NI");
  add(features->avx512, "AVX-512");
  add(features->rdrand, "RDRAND");
  return text.empty() ? "none" : text;
}

void log_cpu_crypto() {
  const auto features = cpu_crypto();
  log_event(LogLevel::kInfo, "cpu-crypto", {{"uses", to_text(features)}});
  if (features && !features->aes)
    log_event(
        LogLevel::kWarning, "cpu-without-aes",
        {{"why", "this processor has no AES instructions, or they are masked: mail is carried, but slowly"}});
}

}  // namespace privyseal
