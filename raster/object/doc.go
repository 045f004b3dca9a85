// Package object reads objects of S3 and Alibaba OSS stores, named as GDAL names them: /vsis3/BUCKET/KEY and
// /vsioss/BUCKET/KEY.
//
// Nothing is fetched unless [Allow] was called: until then every object is refused. GDAL finds the credentials and
// signs; the bytes are fetched here. So every answer must have the ETag of the state of the object that was found
// first, what is cut short is noticed and asked for again, and no text of a store and no address, which holds a
// signature, comes into a message.
//
// Small reads share pages of 64 KiB, which are kept in memory, and each of which is fetched once while it is kept;
// larger ones ask for exactly their bytes. An object that has failed for good fails at once from then on.
package object
