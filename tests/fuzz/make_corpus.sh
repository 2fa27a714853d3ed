#!/bin/bash
# make_corpus.sh DIR: writes small valid inputs for every fuzz target into DIR/<target>/.
set -euo pipefail
dir=$1
mkdir -p "$dir"/{cifar10,data_spec,idx,npy}_fuzz

npy() {  # npy NAME DICTIONARY ITEMS: a version 1.0 file
  printf '\x93NUMPY\x01\x00%b\x00%s%b' "\\x$(printf %x ${#2})" "$2" "$3" > "$dir/npy_fuzz/$1"
}
npy float "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 1), }" '\0\0\x80\x3f\0\0\0\x40'
npy double "{'descr': '<f8', 'fortran_order': True, 'shape': (1, 1), }" '\0\0\0\0\0\0\xf0\x3f'
npy labels "{'descr': '<i8', 'fortran_order': False, 'shape': (1,), }" '\x01\0\0\0\0\0\0\0'
npy bytes "{'descr': '|u1', 'fortran_order': False, 'shape': (2, 2), }" '\0\1\2\3'
printf '\x93NUMPY\x02\x00\x38\x00\x00\x00%s%b' \
  "{'descr': '|b1', 'fortran_order': False, 'shape': (1,), }" '\1' > "$dir/npy_fuzz/version2"

printf '\0\0\x08\x03\0\0\0\2\0\0\0\1\0\0\0\1ab' > "$dir/idx_fuzz/images"
printf '\0\0\x08\x01\0\0\0\2\0\1' > "$dir/idx_fuzz/labels"
gzip -nc "$dir/idx_fuzz/images" > "$dir/idx_fuzz/images.gz"
gzip -nc "$dir/idx_fuzz/labels" > "$dir/idx_fuzz/labels.gz"

head -c 3073 /dev/zero > "$dir/cifar10_fuzz/one"
head -c 6146 /dev/zero > "$dir/cifar10_fuzz/two"

i=0
for spec in synthetic 'synthetic:examples=2000,features=256,classes=10,test=500,modes=4,seed=0' \
  'synthetic:scale=9.0,decay=1.3,separation=3e-1' cifar10:dir idx:i,l idx:i,l,j,m npy:x.npy,y.npy; do
  printf %s "$spec" > "$dir/data_spec_fuzz/$((i++))"
done
