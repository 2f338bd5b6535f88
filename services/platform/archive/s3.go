package archive

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

// partSize bounds the memory for uploading a file of unknown length: S3 accepts 10,000 parts.
const partSize = 16 << 20

// S3 is a store in a bucket of any S3-compatible service.
type S3 struct {
	client *minio.Client
	bucket string
	prefix string // empty, or ends with a slash
}

// newS3 reads s3://bucket/prefix?endpoint=https://host:port&region=…. Without an endpoint it is Amazon's. Credentials are
// those of the environment (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN), else of the file of
// AWS_SHARED_CREDENTIALS_FILE (~/.aws/credentials) with AWS_PROFILE, else, at Amazon's, of the machine's role.
func newS3(u *url.URL) (*S3, error) {
	query := u.Query()
	for name := range query {
		if name != "endpoint" && name != "region" {
			return nil, fmt.Errorf("archive: the s3 address has a parameter %q: there are endpoint and region; credentials "+
				"belong into the environment", name)
		}
	}
	chain := []credentials.Provider{&credentials.EnvAWS{}, &credentials.FileAWSCredentials{}}
	endpoint := &url.URL{Scheme: "https", Host: "s3.amazonaws.com"}
	if text := query.Get("endpoint"); text != "" {
		if !strings.Contains(text, "://") {
			text = "https://" + text
		}
		var err error
		endpoint, err = url.Parse(text)
		if err != nil || endpoint.Host == "" || endpoint.User != nil || endpoint.Scheme != "http" && endpoint.Scheme != "https" ||
			strings.Trim(endpoint.Path, "/") != "" {
			return nil, errors.New("archive: the endpoint in the s3 address is not valid: want https://host:port or " +
				"http://host:port")
		}
	} else {
		chain = append(chain, &credentials.IAM{})
	}
	if u.Host == "" {
		return nil, errors.New("archive: the s3 address has no bucket: want s3://bucket/prefix?endpoint=https://host:port")
	}
	client, err := minio.New(endpoint.Host, &minio.Options{Creds: credentials.NewChainCredentials(chain),
		Secure: endpoint.Scheme == "https",
		Region: query.Get("region")})
	if err != nil {
		return nil, fmt.Errorf("archive: the s3 address is not valid: %w", err)
	}
	s := &S3{client: client, bucket: u.Host, prefix: strings.Trim(path.Clean(u.Path), "/.")}
	if s.prefix != "" {
		s.prefix += "/"
	}
	return s, nil
}

// Put uploads in parts; the object appears when the upload completes. An existing object of that name stays.
func (s *S3) Put(ctx context.Context, name string, content io.Reader) error {
	_, err := s.client.StatObject(ctx, s.bucket, s.prefix+name, minio.StatObjectOptions{})
	if err == nil {
		return fmt.Errorf("archive: write %s: %w", s.place(name), ErrExists)
	} else if !missing(err) {
		return s.fault("write", name, err)
	}
	size := int64(-1)
	if sized, ok := content.(interface{ Size() int64 }); ok {
		size = sized.Size()
	}
	options := minio.PutObjectOptions{PartSize: partSize, ContentType: "application/octet-stream"}
	if _, err := s.client.PutObject(ctx, s.bucket, s.prefix+name, content, size, options); err != nil {
		return s.fault("write", name, err)
	}
	return nil
}

// Open opens an object for reading.
func (s *S3) Open(ctx context.Context, name string) (io.ReadCloser, error) {
	object, err := s.client.GetObject(ctx, s.bucket, s.prefix+name, minio.GetObjectOptions{})
	if err == nil {
		_, err = object.Stat() // GetObject itself sends no request
	}
	if err != nil {
		if missing(err) {
			err = fs.ErrNotExist
		}
		return nil, s.fault("open", name, err)
	}
	return object, nil
}

// List lists the objects below the prefix.
func (s *S3) List(ctx context.Context, prefix string) (names []string, err error) {
	ctx, cancel := context.WithCancel(ctx) // ends the listing on an early return
	defer cancel()
	for object := range s.client.ListObjects(ctx, s.bucket, minio.ListObjectsOptions{Prefix: s.prefix + prefix, Recursive: true}) {
		if object.Err != nil {
			return nil, s.fault("list", prefix, object.Err)
		}
		names = append(names, strings.TrimPrefix(object.Key, s.prefix))
	}
	slices.Sort(names)
	return names, nil
}

func (s *S3) place(name string) string { return "s3://" + s.bucket + "/" + s.prefix + name }

// fault names the failed operation and object, without any credentials of the address or the environment.
func (s *S3) fault(what, name string, err error) error {
	r := minio.ToErrorResponse(err)
	switch {
	case missing(err) && r.Code == minio.NoSuchBucket:
		err = errors.New("there is no such bucket: make it first, closed to everyone else")
	case r.StatusCode == http.StatusForbidden:
		err = fmt.Errorf("refused (%s): check the credentials in the environment (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY) "+
			"and their rights", r.Code)
	}
	return fmt.Errorf("archive: %s %s: %w", what, s.place(name), err)
}

func missing(err error) bool {
	r := minio.ToErrorResponse(err)
	return r.StatusCode == http.StatusNotFound || r.Code == minio.NoSuchKey || r.Code == minio.NoSuchBucket
}
