package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// suiteClient talks to the REST API of a running suite.
type suiteClient struct {
	base string // https://HOST[:PORT]
	http *http.Client
}

// Bounds of a call. A poll is answered by the suite after suitePoll at the latest.
const (
	suitePoll    = 10 * time.Second
	suitePause   = 50 * time.Millisecond
	suiteTimeout = time.Minute
	suiteAnswer  = 64 << 20 // bytes; the log of a long module has some megabytes
)

// newSuiteClient verifies the suite's certificate by roots, or, without them, not at all: the suite's
// own set-up comes with a self-made one.
func newSuiteClient(base string, roots *x509.CertPool) *suiteClient {
	transport := &http.Transport{
		TLSClientConfig:     &tls.Config{RootCAs: roots, InsecureSkipVerify: roots == nil},
		MaxIdleConnsPerHost: suiteWorkers,
	}
	return &suiteClient{base: base, http: &http.Client{Transport: transport, Timeout: suiteTimeout}}
}

// suiteModule is one module of a plan. Variant is repeated to the suite as it came.
type suiteModule struct {
	Name    string          `json:"testModule"`
	Variant json.RawMessage `json:"variant"`
}

// suiteMade is a plan that was made.
type suiteMade struct {
	ID      string        `json:"id"`
	Modules []suiteModule `json:"modules"`
}

// suiteInfo is how far a run of a module is.
type suiteInfo struct {
	Status string `json:"status"`
	Result string `json:"result"`
}

// suiteEntry is one entry of the log of a run.
type suiteEntry struct {
	Source  string `json:"src"`
	Message string `json:"msg"`
	Result  string `json:"result"`
}

// makePlan makes a plan with its configuration.
func (s *suiteClient) makePlan(ctx context.Context, p suitePlan, config object) (suiteMade, error) {
	var made suiteMade
	variant, err := p.variant()
	if err != nil {
		return made, fmt.Errorf("variant: %w", err)
	}
	query := url.Values{"planName": {p.plan}}
	if variant != "" {
		query.Set("variant", variant)
	}
	body, err := json.Marshal(config)
	if err != nil {
		return made, fmt.Errorf("configuration: %w", err)
	}
	err = s.call(ctx, http.MethodPost, "plan", query, body, &made)
	return made, err
}

// create makes a run of a module, which configures itself at once.
func (s *suiteClient) create(ctx context.Context, plan string, m suiteModule) (id string, err error) {
	query := url.Values{"test": {m.Name}, "plan": {plan}}
	if len(m.Variant) > 0 && string(m.Variant) != "null" {
		query.Set("variant", string(m.Variant))
	}
	var run struct {
		ID string `json:"id"`
	}
	err = s.call(ctx, http.MethodPost, "runner", query, nil, &run)
	return run.ID, err
}

// start starts a run that waits to be started. The suite answers with what the run is changing at that
// moment and now and then stumbles over it, so an error only counts if the run still waits.
func (s *suiteClient) start(ctx context.Context, id string) error {
	err := s.call(ctx, http.MethodPost, "runner/"+url.PathEscape(id), nil, nil, nil)
	if err == nil {
		return nil
	}
	info, infoErr := s.info(ctx, id)
	if infoErr == nil && info.Status != "" && info.Status != stateConfigured {
		return nil
	}
	return err
}

// cancel ends a run.
func (s *suiteClient) cancel(ctx context.Context, id string) error {
	return s.call(ctx, http.MethodDelete, "runner/"+url.PathEscape(id), nil, nil, nil)
}

// wait polls until the run is in one of the states and returns it; "" when that takes longer than most.
func (s *suiteClient) wait(ctx context.Context, id string, most time.Duration, states ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	query := url.Values{"states": {strings.Join(states, ",")}, "timeoutMs": {strconv.FormatInt(suitePoll.Milliseconds(), 10)}}
	for {
		var at struct {
			State string `json:"state"`
		}
		err := s.call(ctx, http.MethodGet, "runner/"+url.PathEscape(id)+"/wait-state", query, nil, &at)
		if ctx.Err() == context.DeadlineExceeded {
			return "", nil
		}
		if err != nil || at.State != "" {
			return at.State, err
		}
		select {
		case <-time.After(suitePause): // a suite that answers at once must not be asked without end
		case <-ctx.Done():
		}
	}
}

// info returns the state and result of a run.
func (s *suiteClient) info(ctx context.Context, id string) (suiteInfo, error) {
	var info suiteInfo
	err := s.call(ctx, http.MethodGet, "info/"+url.PathEscape(id), nil, nil, &info)
	return info, err
}

// log returns what a run did, in order.
func (s *suiteClient) log(ctx context.Context, id string) ([]suiteEntry, error) {
	var entries []suiteEntry
	err := s.call(ctx, http.MethodGet, "log/"+url.PathEscape(id), nil, nil, &entries)
	return entries, err
}

// call makes one request and decodes the answer into to, unless to is nil. The suite wants every POST
// to say that it is JSON, also one without a body.
func (s *suiteClient) call(ctx context.Context, method, path string, query url.Values, body []byte, to any) error {
	target := s.base + "/api/" + path
	if len(query) > 0 {
		target += "?" + query.Encode()
	}
	r, err := http.NewRequestWithContext(ctx, method, target, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("suite: %w", err)
	}
	r.Header.Set("Content-Type", "application/json")
	answer, err := s.http.Do(r)
	var noAnswer *url.Error
	if ctx.Err() == nil && errors.As(err, &noAnswer) { // without its URL, which holds the variant of a plan
		return withHint(fmt.Errorf("the suite at %s does not answer: %w", s.base, noAnswer.Err), "start it, or name it by --suite")
	}
	if err != nil {
		return fmt.Errorf("suite: %w", err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, suiteAnswer))
	if err != nil {
		return fmt.Errorf("suite: %w", err)
	}
	if answer.StatusCode/100 != 2 {
		return fmt.Errorf("suite: %s %s: %d %s", method, path, answer.StatusCode, suiteError(text))
	}
	if to == nil {
		return nil
	}
	err = json.Unmarshal(text, to)
	if err != nil {
		return fmt.Errorf("suite: %s %s: %w", method, path, err)
	}
	return nil
}

// suiteError is what the suite says is wrong, in one line.
func suiteError(text []byte) string {
	var problem struct {
		Error string `json:"error"`
	}
	err := json.Unmarshal(text, &problem)
	if err != nil || problem.Error == "" {
		problem.Error = string(text)
	}
	return clipLine(problem.Error, 300)
}

// clipLine makes one line of at most most bytes of a text.
func clipLine(text string, most int) string {
	text = strings.Join(strings.Fields(text), " ")
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "…"
	}
	return text
}
