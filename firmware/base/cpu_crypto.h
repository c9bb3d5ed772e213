/// What the processor does for cryptography, as libcrypto uses it: seen, not assumed.
///
/// libcrypto looks at CPUID once, takes away what OPENSSL_ia32cap(3) masks, and tells what is left. x86-64
/// only: elsewhere nothing is known, and that is said.
///
/// Threads: any.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace privyseal {

struct CpuCrypto {
  bool aes = false;     ///< AES-NI, with carry-less multiplication for GCM
  bool vaes = false;    ///< AES on 256- and 512-bit registers
  bool sha = false;     ///< SHA-NI
  bool avx512 = false;  ///< AVX-512F
  bool rdrand = false;  ///< a random number generator in the processor
  bool operator==(const CpuCrypto&) const = default;
};

/// `text` is "OPENSSL_ia32cap=0x...:0x...", then perhaps more words. None: it is not of that form.
[[nodiscard]] std::optional<CpuCrypto> parse_cpu_settings(std::string_view text);

/// Of this process. None: libcrypto does not tell.
[[nodiscard]] std::optional<CpuCrypto> cpu_crypto();

/// "AES-NI, VAES, SHA-NI, AVX-512, RDRAND", "none", or "unknown".
[[nodiscard]] std::string to_text(const std::optional<CpuCrypto>& features);

/// One line in the log at a daemon's start; a warning when mail will be slow for want of AES instructions.
void log_cpu_crypto();

}  // namespace privyseal
