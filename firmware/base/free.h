/// A deleter made of a C library's free function:
/// `std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>`.
#pragma once

namespace privyseal {

template <auto function>
struct Free {
  void operator()(auto* object) const { function(object); }
};

}  // namespace privyseal
