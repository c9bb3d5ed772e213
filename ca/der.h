/// The little DER (X.690) that is written and checked here by hand.
///
/// Pure. Threads: any.
#pragma once

#include <initializer_list>

#include "firmware/base/bytes.h"

namespace privyseal::ca::der {

enum class Tag : unsigned char {
  kBoolean = 0x01,
  kInteger = 0x02,
  kBitString = 0x03,
  kOctetString = 0x04,
  kEnumerated = 0x0a,
  kUtcTime = 0x17,
  kGeneralizedTime = 0x18,
  kSequence = 0x30,
  kSet = 0x31,
  kContext0 = 0x80,             ///< [0], primitive
  kContext2 = 0x82,             ///< [2], primitive
  kContext0Constructed = 0xa0,  ///< [0], constructed
  kContext3Constructed = 0xa3,  ///< [3], constructed
  kContext4Constructed = 0xa4,  ///< [4], constructed
};

/// Tag, length, content. At most 65,535 bytes of content (a CHECK).
[[nodiscard]] Bytes tagged(Tag tag, ByteView content);
[[nodiscard]] Bytes sequence(std::initializer_list<ByteView> parts);
/// A whole number of octets: "no unused bits".
[[nodiscard]] Bytes bit_string(ByteView content);
/// INTEGER of a positive number given big-endian.
[[nodiscard]] Bytes unsigned_integer(ByteView big_endian);

/// Whether every length down to every constructed element's end is DER's only spelling of it
/// (definite, shortest) and nothing is left over. Contents of primitive types are not looked at.
[[nodiscard]] bool is_der(ByteView bytes);

}  // namespace privyseal::ca::der
